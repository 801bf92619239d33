"""Decides which addresses the services may call for a form: public ones, and those the operator allows.

After IANA's registries of special-purpose IPv4 and IPv6 addresses (RFC 6890 and what came later). `is_global` of the
standard library is not enough: it takes multicast, the ways from IPv6 into IPv4 networks (NAT64 and 6to4), and what is
public by number but leads into a cloud provider's own machines.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network
Found: TypeAlias = tuple[Any, ...]
"""One of the entries that `socket.getaddrinfo` returns."""

_IPV4_REFUSED = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a carrier's customers
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud provider's own services, inside each of its machines
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_IPV6_PUBLIC = IPv6Network("2000::/3")
"""Global unicast. Outside it are loopback, unique local, link-local, multicast, IPv4-mapped, and NAT64 (64:ff9b::/96
and 64:ff9b:1::/48)."""

_IPV6_REFUSED = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo (2001::/32) among them: it leads to IPv4 addresses
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: it leads to IPv4 addresses
        "3fff::/20",  # documentation
    )
)


class Refused(Exception):
    """The services may not connect to this address; the text says why, and names no address."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Says where a connection may go. Connect to the addresses that it returns and do not resolve the name again:
    the name may then have another address (DNS rebinding).

    `allowed` are networks that may be reached though they are not public, and without TLS. `resolve` finds a name's
    addresses, once for each call.
    """

    allowed: Sequence[Network] = ()
    resolve: Callable[..., Sequence[Found]] = socket.getaddrinfo

    def reachable(self, host: str, port: int, *, has_tls: bool) -> list[Found]:
        """Return the addresses of a host that may be connected to; raises `Refused` where none may, and OSError."""
        found = self.resolve(host, port, type=socket.SOCK_STREAM)
        reachable = [one for one in found if self._may_reach(str(one[4][0]), has_tls=has_tls)]
        if not reachable:
            raise Refused("its address is not public" if has_tls else "without TLS, and its address is not allowed")
        return reachable

    def _may_reach(self, address: str, *, has_tls: bool) -> bool:
        return is_within(address, self.allowed) or (has_tls and is_public(address))


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read `10.0.0.0/8, fd00::/8`; raises ValueError with what is no network."""
    return tuple(_network(part.strip()) for part in text.split(",") if part.strip())


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Say whether an address, as `getaddrinfo` writes it, is in one of the networks."""
    found = _read(address)
    return found is not None and any(found in network for network in networks)


def is_public(address: str) -> bool:
    """Say whether an address, as `getaddrinfo` writes it, is one of the open internet."""
    found = _read(address)
    if isinstance(found, IPv4Address):
        return found.is_global and not any(found in network for network in _IPV4_REFUSED)
    if isinstance(found, IPv6Address):
        return found in _IPV6_PUBLIC and found.is_global and not any(found in network for network in _IPV6_REFUSED)
    return False


def _read(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    return None if isinstance(found, IPv6Address) and found.scope_id else found  # `%eth0`: of one link alone


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no network: expected one such as 10.0.0.0/8 or fd00::/8 ({error})") from error
