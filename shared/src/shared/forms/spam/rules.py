"""Defines the section `spam` of a form."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["off", "shadow", "hold"]
Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]

ENTRIES_MOST = 1000
"""Entries of one list: all of them are looked for in every submission."""

THRESHOLD_LEAST, THRESHOLD, THRESHOLD_MOST = 50, 80, 99
LINKS_MOST = 1000
TIME_MOST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SpamRules:
    """How the submissions to a form are judged.

    `mode` says what follows from the score that the learned model gives: nothing, as it is `off` with all rules; it is
    shown (`shadow`); or what is above the `threshold`, None for the model's own, is spam (`hold`), once the model may.
    Nothing is held below the model's own threshold, `THRESHOLD`, for which alone it has proved itself.
    Rules need no model. What has more than `links` links, or was sent sooner than `min_time` after its page was opened,
    where the page told, is spam; None for no such rule. Words are compared as in a query. An address is the
    submitter's; one without a name (`@example.org`) stands for the domain and all below it, as a host does. What comes
    from an allowed address or network is never spam by a score or a rule.
    """

    mode: Mode = "shadow"
    threshold: int | None = None
    links: int | None = None
    min_time: timedelta | None = None
    deny_words: tuple[str, ...] = ()
    deny_hosts: tuple[str, ...] = ()
    deny_addresses: tuple[str, ...] = field(default=(), repr=False)
    deny_networks: Networks = field(default=(), repr=False)
    allow_addresses: tuple[str, ...] = field(default=(), repr=False)
    allow_networks: Networks = field(default=(), repr=False)

    @property
    def written_rules(self) -> tuple[str, ...]:
        """The keys of the rules that it has."""
        return tuple(key for key in RULES if getattr(self, key) not in (None, ()))


RULES = (
    "links",
    "min_time",
    "deny_words",
    "deny_hosts",
    "deny_addresses",
    "deny_networks",
    "allow_addresses",
    "allow_networks",
)
