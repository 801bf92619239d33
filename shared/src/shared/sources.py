"""Where a request comes from, as a server or a proxy in front of it says."""

from __future__ import annotations

import re

_WITH_PORT = re.compile(r"\[([^\]]*)\](?::[0-9]+)?|([^:]*):[0-9]+")


def without_port(address: str) -> str:
    """Return an address without the port that some proxies say as well: each connection has another."""
    found = _WITH_PORT.fullmatch(address)
    return (found[1] or found[2] or "") if found else address
