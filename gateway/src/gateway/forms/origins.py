"""Decides which pages may post to a form, and where a browser may be sent afterwards."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal, TypeAlias
from urllib.parse import urljoin, urlsplit

from werkzeug.urls import iri_to_uri

from gateway.http.request import Headers
from shared.forms import Form
from shared.forms.schemas.texts import URL_MOST

_UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_HALF_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!//[^/])|///")
"""A scheme without a host, and three slashes: what browsers and `urljoin` make of them differs."""

_UNSAID = frozenset({"", "null"})
_USUAL_PORTS = {"http": ":80", "https": ":443"}

Judgement: TypeAlias = Literal["admitted", "stranger", "hidden"]


class Origins:
    """The origins of one form.

    A form that names none takes submissions from any page: that is what a form on the open web is, no cookie or
    login comes with it, and the answer tells nothing but the receipt. A form that names some refuses all other pages;
    the gateway's own are always admitted. What that keeps away is a stranger's page whose visitors would submit to this
    form; no header proves a program, and one that says nothing of a page is admitted.
    """

    def __init__(self, form: Form) -> None:
        self._allowed = frozenset(_origin_of(origin) or origin for origin in form.allowed_origins)
        self._below = _hosts_below(self._allowed)
        self._takes_hidden = form.allow_no_origin
        self.takes_any = not self._allowed or "*" in self._allowed
        self.redirect = iri_to_uri(form.redirect) if form.redirect else None

    def judge(self, headers: Headers, own: str) -> Judgement:
        """Return what a request says of the page that it comes from. `own` is the gateway's own origin.

        `Origin` decides, else `Referer`; blank ones and `Origin: null` say nothing. A page may hide both
        (`Referrer-Policy: no-referrer`), a stranger's as well as an allowed one: then Fetch Metadata decides, which no
        page can change. On the gateway's own site it is the owner's; elsewhere it is hidden, unless the form takes
        those.
        """
        site, origin = headers.get("Sec-Fetch-Site", ""), headers.get("Origin", "").strip()
        if site == "same-origin" or self._is_known(origin, own):
            return "admitted"
        if origin not in _UNSAID:
            return "stranger"
        referer = headers.get("Referer", "").strip()
        if referer:
            return "admitted" if self._is_known(_origin_of(referer), own) else "stranger"
        is_fine = site in {"same-site", "none"} if site else not origin  # a browser too old for it may say null
        return "admitted" if is_fine or self._takes_hidden else "hidden"

    def _is_known(self, origin: str, own: str) -> bool:
        if not origin or origin in self._allowed:
            return bool(origin)
        return self._allows(_normal(origin)) or _normal(origin) == _origin_of(own)

    @staticmethod
    def page_of(headers: Headers) -> str | None:
        """Return the address that a relative one in a page is relative to, as far as the request tells; else None.

        From a page of another origin browsers send no more than its origin, unless the page asks them to.
        """
        said = (headers.get("Referer", "").strip(), headers.get("Origin", "").strip())
        return next((address for address in said if _origin_of(address)), None)

    def permitted(self, wanted: str, *, page: str | None, own: str) -> str | None:
        """Return where a page asks a browser to go after a submission, absolute; None where it may not.

        `wanted` (`_next`) may be relative to `page`, the one that it was posted from; where that is not known it is
        relative to nothing, and never to us. It counts only if it leads to the gateway's own origin or to one that the
        form allows; else it is passed over, and the submission still taken: an open redirect is worse than a plain
        one, and losing the submission is worse than both.
        """
        if not wanted or len(wanted) > URL_MOST or len(page or "") > URL_MOST:
            return None
        if _UNFIT.search(wanted) or _HALF_ABSOLUTE.match(wanted):
            return None
        try:
            target = iri_to_uri(urljoin(page or "", wanted))
        except ValueError:
            return None
        origin = _origin_of(target)
        return target if origin and (self._allows(origin) or origin == _origin_of(own)) else None

    def _allows(self, origin: str) -> bool:
        """Say whether the form names an origin, or by `https://*.host` all below its host, the host itself not."""
        return origin in self._allowed or bool(self._below and self._below.fullmatch(origin))

    def form_actions(self) -> list[str]:
        """Return the origins a browser may end at after posting, for a page's content security policy."""
        redirect = [_origin_of(self.redirect)] if self.redirect else []
        return sorted({*(self._allowed - {"*"}), *redirect})


def _hosts_below(origins: Collection[str]) -> re.Pattern[str] | None:
    """Return what matches the origins that `https://*.host` stands for; None where none is written so."""
    named = [re.escape(origin).replace(r"\*", "[a-z0-9_.-]+") for origin in origins if "://*." in origin]
    return re.compile("|".join(named)) if named else None


def _origin_of(url: str) -> str:
    """Return the origin of an address as browsers write it, with punycode and without a usual port; else nothing.

    An address with a user before its host has none: only who wants to deceive writes one.
    """
    if len(url) > URL_MOST:
        return ""
    try:
        parts = urlsplit(iri_to_uri(url))
    except ValueError:
        return ""
    if parts.scheme not in _USUAL_PORTS or not parts.netloc or "@" in parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_USUAL_PORTS[parts.scheme])}"


def _normal(origin: str) -> str:
    return origin.rstrip("/").lower()
