"""Checks the address of an installation before a key goes there."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from counterfoil_cli.exits import Wrong
from counterfoil_cli.harmless import line

ADDRESS_MOST = 1_000

_HOW = "https://forms.example.org, or http://127.0.0.1:8080 for one on this machine"


def checked(text: str, *, allow_http: bool = False) -> str:
    """Return an address without a slash at its end; raises `Wrong`.

    Over http a key can be read on the way. So http is for this machine alone, unless `allow_http` says otherwise.
    """
    text = text.strip().rstrip("/").removesuffix("/v1")
    parts = _split(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Wrong(f"{line(text, 200)!r} is no address of an installation: expected {_HOW}")
    if parts.username is not None or parts.query or parts.fragment:
        raise Wrong(f"expected an address with nothing but a host and a path: {_HOW}")
    if parts.scheme == "http" and not (allow_http or is_loopback(parts.hostname)):
        raise Wrong(
            f"over http everybody on the way to {line(parts.hostname)} could read the key: use https. "
            "In a network of your own --allow-http (or COUNTERFOIL_ALLOW_HTTP=yes) allows it"
        )
    return text


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _split(text: str) -> SplitResult:
    if len(text) > ADDRESS_MOST or not text.isprintable() or " " in text:
        raise Wrong(f"expected an address such as {_HOW}")
    try:
        parts = urlsplit(text)
        _ = parts.port  # it is read now
    except ValueError as error:
        raise Wrong(f"{line(text, 200)!r} is no address: {error}") from error
    return parts
