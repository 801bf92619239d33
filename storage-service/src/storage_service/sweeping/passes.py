"""Decides when all that was published before a moment is settled. It reads no clock and asks nobody.

A message that is not settled is in the queue, on a delay level, in the parked queue, or held by a process. A pass is a
row of looks in which each of these places is seen to be without it: docs/decisions/0074-the-sweep.md says why none can
slip by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage_service.sweeping.times import Times


@dataclass(frozen=True, slots=True)
class Beat:
    """The last sign of life of a process: its number, and how many seconds before it the oldest channel was opened."""

    number: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment: `at` by the calendar (UTC), `clock_s` by a clock that only goes forward.

    `ready` messages were in the queue, `aside` on its delay levels and in its parked queue together. `newest` is the
    latest moment at which something was accepted that is stored by now, None where nobody asked.
    """

    at: datetime
    clock_s: float
    ready: int
    aside: int
    processes: Mapping[UUID, Beat]
    newest: datetime | None = None


@dataclass(slots=True)
class _Heard:
    """When a process gave the last sign of life, and when its oldest channel was opened, at the earliest."""

    beat: Beat
    heard_s: float
    opened_s: float | None = None


class Pass:
    """Takes looks, one after the other, until they prove that what was published before the first is settled."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self._last: Look | None = None
        self._first: Look | None = None
        self._empty = 0
        self._passed_s: float | None = None
        self._heard: dict[UUID, _Heard] = {}
        self.waits_for = "a first look"

    def see(self, look: Look) -> datetime | None:
        """Take a look; return since when all is settled, None where it is not proved yet."""
        before, self._last = self._last, look
        self._hear(look, before)
        if because := self._disturbed(look, before):
            self._begin_anew(None, because)
        if self._first is None:
            if look.aside or not look.processes:
                self._begin_anew(None, self.waits_for if because else _why(look))
                return None
            self._begin_anew(look, self.waits_for)
        return self._ended(look)

    def _begin_anew(self, first: Look | None, because: str) -> None:
        self._first, self._passed_s, self._empty, self.waits_for = first, None, 0, because

    def _hear(self, look: Look, before: Look | None) -> None:
        gone = self._heard.keys() - look.processes.keys()
        for one in gone:
            del self._heard[one]
        for one, beat in look.processes.items():
            heard = self._heard.get(one)
            if heard is None:
                self._heard[one] = _Heard(beat, look.clock_s)
            elif heard.beat.number != beat.number and before is not None:
                self._heard[one] = _Heard(beat, look.clock_s, before.clock_s - beat.oldest_s)

    def _disturbed(self, look: Look, before: Look | None) -> str | None:
        """Return why all that was seen so far counts no more; None where nothing happened."""
        if before is None:
            return None
        if look.clock_s - before.clock_s > self._times.gap_most_s:
            return "there was no look for too long"
        if look.aside:
            return _why(look)
        if before.processes.keys() - look.processes.keys():
            return "a process that takes submissions has ended"
        silent = [one for one in self._heard.values() if look.clock_s - one.heard_s > self._times.silent_s]
        return f"{len(silent)} processes that take submissions are silent" if silent else None

    def _ended(self, look: Look) -> datetime | None:
        assert self._first is not None  # noqa: S101 - for mypy
        if self._passed_s is None:
            self._empty = self._empty + 1 if self._is_passed(look, self._first) else 0
            self.waits_for = f"the queue to be passed: {look.ready} messages wait"
            if self._empty < 2:
                return None
            self._passed_s = look.clock_s
        left_s = self._passed_s + self._times.least_s - look.clock_s
        if left_s > 0:
            self.waits_for = f"{left_s:.0f} s to go by"
            return None
        late = [one for one in self._heard.values() if not self._is_renewed(one, look)]
        self.waits_for = f"{len(late)} processes to settle what they hold"
        return None if late else self._first.at

    def _is_passed(self, look: Look, first: Look) -> bool:
        """Say whether all that was in the queue at the first look has been handed to somebody: it is first in, first
        out, so what was accepted well after it came after it."""
        return look.ready == 0 or (look.newest is not None and look.newest > first.at + self._times.skew)

    def _is_renewed(self, heard: _Heard, look: Look) -> bool:
        return heard.opened_s is not None and heard.opened_s >= look.clock_s - self._times.renewed_s


def _why(look: Look) -> str:
    if not look.processes:
        return "a process that takes submissions"
    return f"{look.aside} messages to be tried again, or to be parked"
