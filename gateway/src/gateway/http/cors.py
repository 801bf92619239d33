"""Lets scripts of other sites read the answers below `/f/`, whatever they are (CORS).

A script that cannot read an answer takes it for an outage, and tells the visitor so or sends it again for ever. Which
page may post is not decided here but by `gateway.forms.origins`, which refuses the others in words they can read.

Credentials are allowed below `/f/` and nowhere else: no cookie of ours exists there and nothing looks at one, but pages
that always send theirs (`credentials: "include"`) could not read an answer for `*`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ORIGIN_MOST = 300
_ASKED_MOST = 1000
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_NAMES = re.compile(rf"{_NAME}(?:[ \t]*,[ \t]*{_NAME})*")

ANY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Preference-Applied, Retry-After",
}
"""Whoever has a receipt's token may see the receipt, from any page."""

_EVERY = {"Access-Control-Expose-Headers": "Location, Retry-After", "Vary": "Accept, Origin"}

_KNOWN = ", ".join(
    [
        *("Content-Type", "Accept", "X-Requested-With", "Idempotency-Key"),
        *("Formspree-Client", "Formspree-Session-Data"),
        *("HX-Request", "HX-Boosted", "HX-Current-URL", "HX-History-Restore-Request", "HX-Prompt", "HX-Target"),
        *("HX-Request-Type", "HX-Source", "HX-Trigger", "HX-Trigger-Name"),
    ]
)


def headers_for(origin: str | None) -> Mapping[str, str]:
    """Return the headers of an answer below `/f/` for a page of an origin; None where the request named none."""
    if origin and len(origin) <= _ORIGIN_MOST and origin.isascii() and origin.isprintable():
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true", **_EVERY}
    return {"Access-Control-Allow-Origin": "*", **_EVERY}


def preflight_for(origin: str | None, asked: str | None) -> Mapping[str, str]:
    """Return the headers that let a script post below `/f/`, with the headers that it asks to send."""
    return {**headers_for(origin), **permissions("GET, POST, OPTIONS", _KNOWN, asked)}


def permissions(methods: str, known: str, asked: str | None) -> Mapping[str, str]:
    """Return what a preflight permits: the headers we know, and those that are asked for.

    A page's monitoring adds its own to every request (`baggage`, `sentry-trace`, `traceparent`). They do nothing here,
    and refusing them would refuse the submission.
    """
    is_fit = asked and len(asked) <= _ASKED_MOST and _NAMES.fullmatch(asked)
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": f"{known}, {asked}" if is_fit else known,
        "Access-Control-Max-Age": "86400",
        "Vary": "Access-Control-Request-Headers, Origin",
    }
