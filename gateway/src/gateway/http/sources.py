"""Names the network that a request comes from, for counting."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from shared.sources import without_port

_NETWORK_BITS = 64


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
