"""How long everything of the sweep takes, in one place, so that a test can hurry it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from shared.messaging.worker import HOLD_MOST_S, STUCK_AFTER_S


@dataclass(frozen=True, slots=True)
class Times:
    """What a pass is stands in `passes`.

    `margin` is how long before a pass a file must have been put: an upload takes a quarter of an hour, its publish
    three seconds, and clocks differ. `skew` is by how much they do, at most.

    A pass looks every `look_every_s`; two looks are `gap_most_s` apart at most, which is less than what a message waits
    on a delay level. It goes on for `least_s` after the queue was passed: longer than a process that can tell nobody
    holds anything (`HOLD_MOST_S`; RabbitMQ takes it back after `STUCK_AFTER_S`). The channels of those that can tell
    were opened `renewed_s` ago, at most. A process that is silent for `silent_s` holds the pass up, and is forgotten
    after `forgotten_after`; each gives a sign every `beat_every_s`. The next pass begins `rest` after the last.
    Whoever has nothing to do looks again after `idle_s`.
    """

    margin: timedelta = timedelta(hours=24)
    skew: timedelta = timedelta(hours=1)
    look_every_s: float = 5.0
    gap_most_s: float = 20.0
    least_s: float = max(HOLD_MOST_S, STUCK_AFTER_S) + 15 * 60.0
    renewed_s: float = 10 * 60.0
    silent_s: float = 60.0
    forgotten_after: timedelta = timedelta(minutes=10)
    rest: timedelta = timedelta(hours=12)
    beat_every_s: float = 10.0
    idle_s: float = 30.0


USUAL = Times()
