"""Where a form may be posted from, and where a browser may be sent afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from werkzeug.urls import iri_to_uri

from shared.forms import Form

PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": ", ".join(
        [
            *("Content-Type", "Accept", "X-Requested-With", "Idempotency-Key"),
            *("Formspree-Client", "Formspree-Session-Data"),
            *("HX-Request", "HX-Boosted", "HX-Current-URL", "HX-History-Restore-Request", "HX-Prompt", "HX-Target"),
            *("HX-Request-Type", "HX-Source", "HX-Trigger", "HX-Trigger-Name"),
        ]
    ),
    "Access-Control-Max-Age": "86400",
}
_EXPOSED = {"Access-Control-Expose-Headers": "Location, Retry-After"}
URL_MOST = 2000
"""Characters of an address that is looked into, as long as the browsers' own limits: what puts one into its normal form
takes time by the square of its length."""

_UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_HALF_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!//[^/])|///")
"""A scheme without a host, and three slashes: what browsers and `urljoin` make of them differs."""

_USUAL_PORTS = {"http": ":80", "https": ":443"}


class Origins:
    """The origins of one form.

    A form that names none takes submissions from any page: that is what a form on the open web is, no cookie or
    login comes with it, and the answer tells nothing but the receipt. A form that names some refuses all others a
    browser tells of (`Origin`, else `Referer`); its own hosted page is always admitted. A program that sends
    neither header is admitted too: the check keeps other people's pages away, and no header proves a program.
    """

    def __init__(self, form: Form) -> None:
        self._allowed = frozenset(_origin_of(origin) or origin for origin in form.allowed_origins)
        self._any_origin = not self._allowed or "*" in self._allowed
        self.redirect = iri_to_uri(form.redirect) if form.redirect else None

    def admits(self, origin: str | None, referer: str | None, host: str) -> bool:
        """Return whether a page may post. `host` is the gateway's own, as the request names it."""
        if self._any_origin:
            return True
        if origin is None and referer is None:
            return True
        source = origin if origin is not None else _origin_of(referer or "")
        return _normal(source) in self._allowed or _host_of(source) == host.lower()

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """Return the CORS headers of an answer: an origin that is not allowed gets none of the permissions."""
        if self._any_origin:
            return {"Access-Control-Allow-Origin": "*", **_EXPOSED}
        if origin is not None and _normal(origin) in self._allowed:
            return {"Access-Control-Allow-Origin": origin, "Vary": "Origin", **_EXPOSED}
        return {"Vary": "Origin"}

    def permitted(self, wanted: str | None, *, page: str | None, own: str) -> str | None:
        """Return where a page asks a browser to go after a submission, absolute; None where it may not.

        `wanted` (`_next`) may be relative to the page it was posted from. It counts only if it leads to the
        gateway's own origin or to one that the form allows; else it is passed over, and the submission still
        taken: an open redirect is worse than a plain one, and losing the submission is worse than both.
        """
        if not wanted or len(wanted) > URL_MOST or len(page or "") > URL_MOST:
            return None
        if _UNFIT.search(wanted) or _HALF_ABSOLUTE.match(wanted):
            return None
        try:
            target = iri_to_uri(urljoin(page or own, wanted))
        except ValueError:
            return None
        origin = _origin_of(target)
        return target if origin and (origin in self._allowed or origin == _origin_of(own)) else None

    def form_actions(self) -> list[str]:
        """Return the origins a browser may end at after posting, for a page's content security policy."""
        redirect = [_origin_of(self.redirect)] if self.redirect else []
        return sorted({*(self._allowed - {"*"}), *redirect})


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


def _host_of(origin: str) -> str:
    return origin.partition("://")[2].lower()


def _normal(origin: str) -> str:
    return origin.rstrip("/").lower()
