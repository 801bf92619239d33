"""Sends a browser on, after a post or a sign-in: to addresses of our own pages, and nowhere else."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from flask import Response, redirect, request

HOME = "/console/inbox"
PATH_MOST = 4_000
"""Characters of an address that a sign-in leads to."""

BACK_MOST = 16_000
"""Characters of an address that is gone back to: each of the 1,000 of a query may be twelve in it."""

_IN_A_QUERY = "".join(map(chr, range(0x21, 0x7F)))
_OWN = re.compile(r"/console(?:[/?][!-\[\]-~]*)?", re.ASCII)


def own(text: str | None, *, most: int = PATH_MOST) -> str | None:
    """Return an address below `/console` as it is; None for any other, and for what some reader might take for one."""
    if text is None or len(text) > most or not _OWN.fullmatch(text):
        return None
    path = text.partition("?")[0].partition("#")[0]
    return None if "//" in path or {".", ".."} & set(path.split("/")) else text


def to(address: str) -> Response:
    """Go on to an address of ours, by a GET."""
    return _see(own(address, most=BACK_MOST) or HOME)


def back(default: str = HOME) -> Response:
    """Go back to where a post came from: its member `next`, else the page that the browser names, else `default`."""
    return _see(_sent_from() or default)


def here() -> str:
    """Return the address that is asked for, to come back to; by a post, the page that it was sent from."""
    if request.method == "GET":
        return own(_target(), most=BACK_MOST) or HOME
    return _sent_from() or HOME


def sign_in_address(then: str) -> str:
    """Return where to sign in, to come back to an address afterwards."""
    return f"/console/sign-in?next={quote(then, safe='/')}"


def _sent_from() -> str | None:
    return own(request.form.get("next"), most=BACK_MOST) or own(_referrer(), most=BACK_MOST)


def _referrer() -> str | None:
    """Return the path of the page that a request was sent from. Its host is of no interest: we stay on ours."""
    try:
        found = urlsplit(request.headers.get("Referer", "")[: 2 * BACK_MOST])
    except ValueError:
        return None
    return f"{found.path}?{found.query}" if found.query else found.path


def _target() -> str:
    query = quote(request.query_string, safe=_IN_A_QUERY)
    path = quote(request.path, safe="/:@!$&'()*+,;=~")
    return f"{path}?{query}" if query else path


def _see(address: str) -> Response:
    answer: Response = redirect(address, 303)  # type: ignore[assignment]
    answer.headers["Cache-Control"] = "no-store"
    return answer
