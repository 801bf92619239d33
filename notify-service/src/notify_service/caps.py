"""How many confirmations go to one recipient, because of one source, and for one form.

Whoever can post makes us mail a third person: the caps say how often.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from shared.sources import without_port

Limit: TypeAlias = Literal["share", "source", "form", "recipient"]
"""Which cap holds a confirmation back. `share` is one source's share of a recipient's cap."""

LIMITED = "limit "
"""How the reason begins of a confirmation that a cap holds back, or that has failed by it: a `Limit` follows."""

HELD_AGAIN_LEAST = timedelta(minutes=2)

_PERIODS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_SYNTAX = re.compile(r"([1-9][0-9]{0,5})/(minute|hour|day)")
_SHARES = 4
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
class Cap:
    """At most so many confirmations in any period of this length."""

    most: int
    period: timedelta


@dataclass(frozen=True, slots=True)
class Caps:
    """All caps of an installation; None is no cap."""

    recipient: Cap | None = None
    source: Cap | None = None
    form: Cap | None = None

    @property
    def share(self) -> Cap | None:
        """How much of a recipient's cap one source may use up: a quarter, so that no stranger uses up another's."""
        if self.recipient is None or self.source is None:
            return None
        return Cap(-(-self.recipient.most // _SHARES), self.recipient.period)

    def of(self, limit: Limit) -> Cap | None:
        """Return the cap of a limit."""
        return {"share": self.share, "source": self.source, "form": self.form, "recipient": self.recipient}[limit]

    def held_again_s(self, limit: Limit) -> float:
        """Return how soon to ask again whether there is room, in seconds: twice in a period, and not at once."""
        cap = self.of(limit)
        return max(HELD_AGAIN_LEAST, cap.period / 2 if cap else HELD_AGAIN_LEAST).total_seconds()

    def __bool__(self) -> bool:
        return any((self.recipient, self.source, self.form))


NO_CAPS = Caps()


@dataclass(frozen=True, slots=True)
class Counted:
    """What a confirmation counts by; None by nothing. Recipient and source are hashes."""

    recipient: str | None = None
    source: str | None = None
    form: str | None = None


UNCOUNTED = Counted()


def parse_cap(text: str) -> Cap | None:
    """Read `20/day`, `5/hour`, `1/minute`, or `none`, which is no cap; raises ValueError."""
    if text == "none":
        return None
    found = _SYNTAX.fullmatch(text)
    if found is None:
        raise ValueError("expected a number and a period, such as 20/day or 5/hour, or none")
    return Cap(int(found[1]), _PERIODS[found[2]])


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
