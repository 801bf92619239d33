"""Accounts for every delivery of every channel: each is sent, or stands where its owner sees why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Deliveries: TypeAlias = Mapping[str, Counter[tuple[str, str]]]
"""How many deliveries a submission has, by its id, and by channel and state."""

ENDED = frozenset({"sent", "failed", "held", "cancelled", "suppressed", "bounced"})
"""The states in which nothing is waited for: all but the first are shown to the owner, with their reason."""


def unended(ids: Iterable[str], found: Deliveries) -> tuple[str, ...]:
    """Return the deliveries of these submissions that are neither sent nor where their owner sees why not."""
    return tuple(
        f"{each} {channel} {state}"
        for each in sorted(ids)
        for channel, state in sorted(found.get(each, Counter()))
        if state not in ENDED
    )


def unexpected(ids: Iterable[str], found: Deliveries, expected: Mapping[str, int]) -> tuple[str, ...]:
    """Return of these submissions each channel that has not as many deliveries as are expected."""
    differing = list[str]()
    for each in sorted(ids):
        channels = Counter[str]()
        for (channel, _), count in found.get(each, Counter()).items():
            channels[channel] += count
        for channel in sorted(channels.keys() | expected.keys()):
            if channels[channel] != expected.get(channel, 0):
                differing.append(f"{each} {channel}: {channels[channel]}, expected {expected.get(channel, 0)}")
    return tuple(differing)


def totals(found: Deliveries) -> dict[str, int]:
    """Return how many deliveries there are in each state, over all channels and submissions."""
    states = Counter[str]()
    for one in found.values():
        for (_, state), count in one.items():
            states[state] += count
    return {f"deliveries {state}": states[state] for state in sorted(states)}
