"""Cleans the client's address that a server or a proxy reports, and names the network that it is one of."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

_WITH_PORT = re.compile(r"\[([^\]]*)\](?::[0-9]+)?|([^:]*):[0-9]+")
_NETWORK_BITS = 64


def without_port(address: str) -> str:
    """Return an address without the port that some proxies add, which differs with each connection."""
    found = _WITH_PORT.fullmatch(address)
    return (found[1] or found[2] or "") if found else address


@lru_cache(maxsize=8192)
def network_of(address: str) -> str:
    """Return what is counted as one: an IPv4 address, or the /64 that an IPv6 address is one of.

    Whoever has one IPv6 address has a whole /64 (RFC 6177). A port, which some proxies say as well, is left out: each
    connection has another. What is no address, as a proxy may say, stands for itself.
    """
    address = without_port(address)
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _NETWORK_BITS), strict=False))
