"""Chooses the style of an answer by what the request wants: JSON, problem+json or HTML."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from gateway.http.request import Request

Style: TypeAlias = Literal["json", "problem", "html", "fragment"]
Preference: TypeAlias = Literal["json", "problem", "html"] | None

JSON = "application/json"
PROBLEM = "application/problem+json"
HTML = "text/html"

_STYLES: dict[str, Preference] = {JSON: "json", PROBLEM: "problem", HTML: "html"}


def style_of_submission(request: Request) -> Style:
    """Return how to answer a submission.

    An HTML fragment for htmx, but a page where htmx stands for the browser (boosted). JSON if `Accept` prefers it, or
    a script says so (`X-Requested-With`), or the body is JSON and HTML is not preferred; Fetch Metadata decides the
    rest, and without it a program is assumed.
    """
    if "HX-Request" in request.headers:
        return "html" if "HX-Boosted" in request.headers else "fragment"
    wanted = preference(request.headers.get("Accept", ""))
    if wanted == "problem":
        return "problem"
    if wanted == "json" or request.headers.get("X-Requested-With", "").lower() == "xmlhttprequest":
        return "json"
    if wanted == "html":
        return "html"
    if request.mimetype == JSON:
        return "json"
    return "html" if request.headers.get("Sec-Fetch-Mode") == "navigate" else "json"


def style_of_reading(request: Request) -> Style:
    """Return how to answer a GET: a page for a browser, or for htmx in its place, JSON for anything else."""
    if "HX-Boosted" in request.headers:
        return "html"
    wanted = preference(request.headers.get("Accept", ""))
    if wanted is None:
        return "html" if request.headers.get("Sec-Fetch-Mode") == "navigate" else "json"
    return wanted


@lru_cache(maxsize=256)
def preference(accept: str) -> Preference:
    """Return what an `Accept` header prefers among JSON, problem+json and HTML; None where it names none of them.

    Of two with the same quality the one that is named beats the one that a wildcard covers (RFC 9110 §12.5.1), and
    problem+json, which nobody names by chance, beats JSON.
    """
    if not any(word in accept for word in ("json", "html", "application/*", "text/*")):
        return None
    parsed = parse_accept_header(accept[:1000], MIMEAccept)
    best = parsed.best_match([JSON, HTML, PROBLEM])
    if best == JSON and PROBLEM in accept and parsed.quality(PROBLEM) >= parsed.quality(JSON):
        best = PROBLEM
    return _STYLES.get(best or "")
