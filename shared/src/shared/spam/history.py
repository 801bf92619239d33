"""Signals of what came before: the same text again and again, a network that spam came from lately."""

from __future__ import annotations

from shared.spam.signals import Signal

_REPEATS_LEAST = 3
"""Times before which a repeat says nothing: people send twice when nothing seems to happen."""
_BITS_MOST = 6


def signals_of_history(repeats: int, spam_from_network: int) -> list[Signal]:
    """Return what is known: how often the text came within a day before, and how much spam from the network."""
    found: list[Signal] = []
    if repeats >= _REPEATS_LEAST:
        found.append((f"repeat:{min(repeats.bit_length(), _BITS_MOST)}", "repeat", repeats))
    if spam_from_network:
        found.append((f"network:{min(spam_from_network.bit_length(), 3)}", "network", spam_from_network))
    return found


PRIORS = {
    **{f"repeat:{bits}": 0.5 * bits for bits in range(2, _BITS_MOST + 1)},
    **{f"network:{bits}": 0.5 * bits for bits in range(1, 4)},
    "throwaway": 1.0,
    "look-alikes": 1.0,
    "invisible": 0.5,
    "odd-capitals": 1.0,
    "same-fields": 0.5,
    "unusual-script": 1.0,
}
"""Logits that signals add before anybody has marked anything; labels add to them or take from them.

No label tells of an unusual script: which ones are usual is known only once all labels are read."""
