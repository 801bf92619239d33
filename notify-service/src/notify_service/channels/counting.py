"""What a delivery to a stranger is counted by: a recipient, a source, a form."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from shared.sources import without_port

_IPV6_BITS = 64
_LONGEST = 100
_INSIDE = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),
            *("fc00::/7", "fe80::/10", "::1/128"),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a confirmation counts by; None by nothing. Recipient and source are hashes."""

    recipient: str | None = None
    source: str | None = None
    form: str | None = None


UNCOUNTED = Counted()


@lru_cache(maxsize=1024)
def source_hash(ip: str | None) -> str | None:
    """Return what stands for the source of a submission where mails are counted: SHA-256 of its address.

    All of an IPv6 /64 is one source, and a port is no part of it. None where nothing can be said of it: without an
    address, and with one that is private, loopback or a link's own, which is that of a proxy as a rule, and so
    everybody's.
    """
    if not ip:
        return None
    text = without_port(ip[:_LONGEST])
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # what a proxy may say instead stands for itself
        return _hash(text)
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if any(address in network for network in _INSIDE):
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return _hash(str(ipaddress.IPv6Network((int(address), _IPV6_BITS), strict=False)))
    return _hash(str(address))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
