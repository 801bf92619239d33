"""Knows how many submissions each form has: as it is now, and where that takes long, as it was a moment ago."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import TypeAlias

import structlog
from sqlalchemy import Engine

from shared.messaging.failures import DependencyUnavailable
from storage_service.records.bounded import QueryTookTooLong
from storage_service.records.counting import Counting, FormCounts
from storage_service.records.recent import Day, RecentCounts, bounds_of

AT_ONCE_MOST = 50_000
"""So many submissions are counted each time that somebody asks: it takes some 50 ms."""

SHARE = 20
"""Of more, what was counted is shown for so many times as long as the counting took: a twentieth of a core at most."""

ZONES_MOST = 8
"""Of so many zones the counts are kept."""

AGAIN_S = 60.0
"""How long after counting failed it is tried again."""

Behind: TypeAlias = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of all forms at a moment; `days` are the last ones of the reader, of each form that has any.

    `is_known` is False where there are too many to be counted.
    """

    at: datetime
    forms: Mapping[str, FormCounts] = field(default_factory=dict)
    days: Mapping[str, Sequence[Day]] = field(default_factory=dict)
    is_known: bool = True

    @property
    def submissions(self) -> int:
        """How many were counted."""
        return sum(one.all + one.spam for one in self.forms.values())


@dataclass(frozen=True, slots=True)
class _Kept:
    counted: Counted
    begun_s: float
    good_until_s: float


class Overview:
    """Counts for everybody together: what somebody may not see, whoever asks leaves out.

    No index and no table has the number of a million submissions ready, and one that had would be written by each
    batch that is stored. `behind` runs something beside the requests.
    """

    def __init__(
        self,
        counting: Counting,
        recent: RecentCounts,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        timer: Callable[[], float] = time.monotonic,
        behind: Behind | None = None,
        at_once_most: int = AT_ONCE_MOST,
    ) -> None:
        self._counting = counting
        self._recent = recent
        self._clock = clock
        self._timer = timer
        self._behind = behind or _in_a_thread
        self._at_once_most = at_once_most
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    @classmethod
    def of(cls, engine: Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Overview:
        """Return the overview of a database."""
        return cls(Counting(engine, clock=clock), RecentCounts(engine), clock=clock)

    def now(self, zone: tzinfo) -> Counted:
        """Return the counts, with the days of a zone; raises `DependencyUnavailable` while the database is away and
        nothing was counted before.

        Only who asks first in a zone, after a start, waits for a counting that takes long.
        """
        kept = self._kept.get(str(zone))
        if kept is None or (kept.counted.is_known and kept.counted.submissions <= self._at_once_most):
            return self._count(zone)
        if self._timer() >= kept.good_until_s and self._turn.acquire(blocking=False):
            self._behind(partial(self._count_behind, zone))
        return kept.counted

    def _count(self, zone: tzinfo) -> Counted:
        asked_s = self._timer()
        with self._lock:
            kept = self._kept.get(str(zone))
            if kept is not None and kept.begun_s > asked_s:  # by somebody who asked after us
                return kept.counted
            begun_s = self._timer()
            counted = self._counted(zone)
            ended_s = self._timer()
            good_s = SHARE * (ended_s - begun_s) if counted.is_known else AGAIN_S
            self._keep(zone, _Kept(counted, begun_s, ended_s + good_s))
            return counted

    def _keep(self, zone: tzinfo, kept: _Kept) -> None:
        """Keep it, and the zones that were counted last."""
        others = {name: one for name, one in self._kept.items() if name != str(zone)}
        self._kept = dict([*others.items(), (str(zone), kept)][-ZONES_MOST:])

    def _counted(self, zone: tzinfo) -> Counted:
        now = self._clock()
        try:
            forms = self._counting.by_form(None)
            lately = [name for name, counts in forms.items() if counts.all]
            return Counted(now, forms, self._recent.of(lately, bounds_of(now, zone)))
        except QueryTookTooLong:
            structlog.get_logger().warning("the submissions of the forms are too many to be counted")
            return Counted(now, is_known=False)

    def _count_behind(self, zone: tzinfo) -> None:
        try:
            self._count(zone)
        except DependencyUnavailable as error:
            structlog.get_logger().info("the forms are not counted anew", because=str(error))
        except Exception as error:  # noqa: BLE001 - a bug must not keep anybody from the counts that there are
            structlog.get_logger().error("counting the forms failed", error=type(error).__name__, exc_info=error)
        finally:
            self._turn.release()


def _in_a_thread(do: Callable[[], None]) -> None:
    threading.Thread(target=do, name="overview", daemon=True).start()
