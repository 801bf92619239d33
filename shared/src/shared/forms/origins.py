"""Checks the entries of a form's `allowed_origins`."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from marshmallow import ValidationError

ORIGIN_MOST = 300
"""Characters of an origin: a host name has 253 at most (RFC 1035)."""

_EXPECTED = "expected https://host, without a path, https://*.host for all below it, or * alone"
_PARTS = re.compile(r"https?://(\*\.)?(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:*\[\]\\%]+)(?::([1-9][0-9]{0,4}))?", re.ASCII)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?", re.ASCII | re.IGNORECASE)
_NUMBER_LAST = re.compile(r"(?:.*\.)?[0-9]+\.?", re.ASCII)
"""What browsers read as an IPv4 address, whatever stands before the number (WHATWG URL, 3.5)."""


def check_origin(text: str) -> None:
    """Raise `ValidationError` unless a page can have this origin: a scheme, a host, and a port if any; or `*`.

    The host is a name, also an international one, or an IP address; `*.` may stand before a name.
    """
    if text == "*":
        return
    found = _PARTS.fullmatch(text)
    if not found or not _is_host(found[2], is_below=bool(found[1])):
        raise ValidationError(f"{text!r} is no origin: {_EXPECTED}")
    if int(found[3] or 1) > 65535:
        raise ValidationError(f"{text!r} is no origin: expected a port from 1 to 65535")


def _is_host(host: str, *, is_below: bool) -> bool:
    try:
        if host.startswith("["):
            return not is_below and bool(IPv6Address(host[1:-1]))
        name = host.encode("idna").decode("ascii")  # as the gateway compares it
        if _NUMBER_LAST.fullmatch(name):
            return not is_below and bool(IPv4Address(name))
    except ValueError:
        return False
    return bool(_NAME.fullmatch(name))
