"""Cleans the client's address that a server or a proxy reports."""

from __future__ import annotations

import re

_WITH_PORT = re.compile(r"\[([^\]]*)\](?::[0-9]+)?|([^:]*):[0-9]+")


def without_port(address: str) -> str:
    """Return an address without the port that some proxies add, which differs with each connection."""
    found = _WITH_PORT.fullmatch(address)
    return (found[1] or found[2] or "") if found else address
