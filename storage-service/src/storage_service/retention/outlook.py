"""Says what retention will do next, before it does: by form, with counts and moments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine

from storage_service.records.bounded import QueryTookTooLong, Reader
from storage_service.retention import due, table
from storage_service.retention.pauses import ALL, Pause, pauses_in
from storage_service.retention.rules import Key, Rule
from storage_service.retention.table import Kept

COUNT_SECONDS_MOST = 1.0


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to come of one rule.

    `rule` is what the file says, and `counts_at` from when on it counts, None where it does; `until_then` is what
    counts before that, None for nothing. `due` are those that it takes as soon as it counts, `due.COUNT_MOST` and one
    at most; None where they are too many to be counted in time. `next_at` is when it next takes one, None where it has
    none to take; `pause` is what keeps it from doing so. The run that is going on has taken `going_on`, None where none
    is; the last one that is over took `last_count`.
    """

    key: Key
    rule: Rule
    counts_at: datetime | None
    until_then: Rule | None
    due: int | None
    next_at: datetime | None
    pause: Pause | None
    going_on: int | None
    last_at: datetime | None
    last_count: int | None


class Outlooks:
    """What is to come in a database. All methods raise as `classified` does."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._reader = Reader(engine, COUNT_SECONDS_MOST)
        self._clock = clock

    def listed(self, forms: frozenset[str] | None = None) -> Sequence[Outlook]:
        """Return them by form, of these forms or of all: the rules that a console has seen in its forms file."""
        with self._reader.connection() as connection:
            kept, pauses = table.read(connection), pauses_in(connection)
        shown = [one for one in kept.values() if forms is None or one.key.form in forms]
        return [self._outlook(one, pauses) for one in shown]

    def behind_s(self) -> float:
        """Return for how long something has been due that a rule was to take; 0 where it is paused."""
        now = self._clock()
        with self._reader.connection() as connection:
            kept, pauses = table.read(connection), pauses_in(connection)
            waits = [_waits(connection, one, now) for one in kept.values() if not _pause(pauses, one.key)]
        return max((one.total_seconds() for one in waits), default=0.0)

    def _outlook(self, kept: Kept, pauses: Mapping[str, Pause]) -> Outlook:
        standing, now = kept.standing, self._clock()
        rule = standing.asked or standing.counts
        assert rule is not None  # noqa: S101 - a row without either is removed
        counts_at = standing.asked_counts_at
        count, first = self._counted(kept, rule, now, max(now, counts_at or now))
        return Outlook(
            kept.key,
            rule,
            counts_at,
            standing.counts if counts_at else None,
            count,
            max(first + timedelta(days=rule.days), counts_at or now) if first else None,
            _pause(pauses, kept.key),
            kept.run_count if kept.run_began_at else None,
            kept.last_ended_at,
            kept.last_count,
        )

    def _counted(self, kept: Kept, rule: Rule, now: datetime, moment: datetime) -> tuple[int | None, datetime | None]:
        try:
            with self._reader.connection() as connection:
                first = due.first(connection, kept.key, rule, now, _since(kept, rule))
            with self._reader.connection() as connection:
                return due.count(connection, kept.key, rule, moment, _since(kept, rule)), first
        except QueryTookTooLong:
            return None, None


def _since(kept: Kept, rule: Rule) -> datetime | None:
    return kept.done_to if rule.action == "anonymise" else None


def _waits(connection: Connection, kept: Kept, now: datetime) -> timedelta:
    rule = kept.standing.counts
    first = due.first(connection, kept.key, rule, now, _since(kept, rule)) if rule else None
    return max(now - (first + timedelta(days=rule.days)), timedelta()) if rule and first else timedelta()


def _pause(pauses: Mapping[str, Pause], key: Key) -> Pause | None:
    return pauses.get(ALL) or pauses.get(key.form)
