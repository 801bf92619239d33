"""Where a form may be posted from, and where a browser may be sent afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from shared.forms import Form

PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": ", ".join(
        [
            *("Content-Type", "Accept", "X-Requested-With", "Idempotency-Key"),
            *("Formspree-Client", "Formspree-Session-Data"),
            *("HX-Request", "HX-Boosted", "HX-Current-URL", "HX-Prompt", "HX-Target", "HX-Trigger", "HX-Trigger-Name"),
        ]
    ),
    "Access-Control-Max-Age": "86400",
}
_EXPOSED = {"Access-Control-Expose-Headers": "Location, Retry-After"}
_UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\\]")


class Origins:
    """The origins of one form.

    A form that names none takes submissions from any page: that is what a form on the open web is, no cookie or
    login comes with it, and the answer tells nothing but the receipt. A form that names some refuses all others a
    browser tells of (`Origin`, else `Referer`); its own hosted page is always admitted. A program that sends
    neither header is admitted too: the check keeps other people's pages away, and no header proves a program.
    """

    def __init__(self, form: Form) -> None:
        self._allowed = frozenset(_normal(origin) for origin in form.allowed_origins)
        self._any = not self._allowed or "*" in self._allowed
        self._redirect = form.redirect

    def admits(self, origin: str | None, referer: str | None, host: str) -> bool:
        """Return whether a page may post. `host` is the gateway's own, as the request names it."""
        if self._any:
            return True
        if origin is None and referer is None:
            return True
        source = origin if origin is not None else _origin_of(referer or "")
        return _normal(source) in self._allowed or _host_of(source) == host.lower()

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """Return the CORS headers of an answer: an origin that is not allowed gets none of the permissions."""
        if self._any:
            return {"Access-Control-Allow-Origin": "*", **_EXPOSED}
        if origin is not None and _normal(origin) in self._allowed:
            return {"Access-Control-Allow-Origin": origin, "Vary": "Origin", **_EXPOSED}
        return {"Vary": "Origin"}

    def destination(self, wanted: str | None, *, page: str | None, own: str) -> str | None:
        """Return where a browser goes after a submission; None for the receipt.

        `wanted` (`_next`) may be relative to the page it was posted from. It counts only if it leads to the
        gateway's own origin or to one that the form allows; else it is passed over, and the submission still
        taken: an open redirect is worse than a plain one, and losing the submission is worse than both.
        """
        target = self._permitted(wanted, page or own, own) if wanted else None
        return target or self._redirect

    def form_actions(self) -> list[str]:
        """Return the origins a browser may end at after posting, for a page's content security policy."""
        redirect = [_origin_of(self._redirect)] if self._redirect else []
        return sorted({*(self._allowed - {"*"}), *redirect})

    def _permitted(self, wanted: str, base: str, own: str) -> str | None:
        if _UNFIT.search(wanted):
            return None
        try:
            target = urljoin(base, wanted)
            origin = _normal(_origin_of(target))
        except ValueError:
            return None
        return target if origin in self._allowed or origin == _normal(_origin_of(own)) else None


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} and parts.netloc else ""


def _host_of(origin: str) -> str:
    return origin.partition("://")[2].lower()


def _normal(origin: str) -> str:
    return origin.rstrip("/").lower()
