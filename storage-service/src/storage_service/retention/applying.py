"""Applies rules in short transactions: what a step takes, and how far its run has come, are one of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared.database import classified, reading
from shared.failpoints import Reach, ignore
from shared.forms import Form
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.records.bounded import Reader
from storage_service.retention import due, table
from storage_service.retention.due import Page, Place
from storage_service.retention.pauses import ALL, pauses_in
from storage_service.retention.rules import Key, Rule, Standing, rules_of
from storage_service.retention.table import Kept

BY = Asker("rule: retention", frozenset())
"""Who does it, for the trail and the audit: no key and no account is called so."""

PAGE = 500


class Erases(Protocol):
    """What erases in the caller's transaction, everywhere: `erasing.Erasing`."""

    def erase_within(self, connection: Connection, ids: Sequence[UUID], by: Asker) -> int:
        """Erase them, and return how many were there."""

    def anonymise_within(
        self, connection: Connection, ids: Sequence[UUID], keep: Mapping[str, Callable[[str, object], bool]], by: Asker
    ) -> int:
        """Leave of them what says nothing of a person, and of the fields those that `keep` says, by form."""


@dataclass(frozen=True, slots=True)
class Step:
    """So many were taken, in so many seconds. `is_stopped`: this rule is paused, or counts no more."""

    count: int = 0
    seconds: float = 0.0
    is_stopped: bool = False


class Applying:
    """Applies rules to a database. `forms` are those of the file as it is now. All methods raise as `classified`."""

    def __init__(
        self,
        engine: Engine,
        erases: Erases,
        forms: Mapping[str, Form],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        reach: Reach = ignore,
    ) -> None:
        self._engine = engine
        self._reading, self._reader = reading(engine), Reader(engine)
        self._erases = erases
        self._forms = forms
        self._audit = Audit(engine, clock=clock)
        self._clock = clock
        self._reach = reach

    def see(self) -> Mapping[Key, Kept]:
        """Note what the forms file says by now, and return how each of its rules stands."""
        with classified(), self._reading.connect() as connection:
            kept = table.read(connection)
        stated, now = rules_of(self._forms), self._clock()
        if all(_stands(kept, key).seen(stated.get(key), now) == _stands(kept, key) for key in {*kept, *stated}):
            return kept
        with classified(), self._engine.begin() as connection:
            kept = table.read(connection)
            for key in sorted({*kept, *stated}):
                self._note(connection, key, kept.get(key), stated.get(key), now)
            return table.read(connection)

    def page(self, key: Key, rule: Rule, after: Place | None) -> Page:
        """Return what is next to be looked at."""
        with self._reader.connection() as connection:
            return due.page(connection, key, rule, self._clock(), after, PAGE)

    def step(self, key: Key, rule: Rule, some: Sequence[Place]) -> Step:
        """Erase these or make them anonymous, as far as they are due and the rule counts still."""
        with classified(), self._engine.begin() as connection:
            begun_s, now, kept = time.monotonic(), self._clock(), table.locked(connection, key)
            if kept is None or kept.standing.counts != rule or {key.form, ALL} & pauses_in(connection).keys():
                return Step(is_stopped=True)
            ids = due.still(connection, key, rule, now, some)
            count = self._take(connection, key, rule, ids)
            done_to = some[-1].accepted_at if rule.action == "anonymise" else None
            table.add_to_run(connection, kept, count, done_to, now)
            self._reach("retention-before-commit")
        self._reach("retention-after-commit")
        return Step(count, time.monotonic() - begun_s)

    def end(self, key: Key) -> None:
        """End a run that has come to its end, with a line in the audit; one that took nothing was none."""
        with classified(), self._reading.connect() as connection:
            if not (kept := table.read(connection).get(key)) or kept.run_began_at is None:
                return
        with classified(), self._engine.begin() as connection:
            if kept := table.locked(connection, key):
                self._end_within(connection, kept)

    def _take(self, connection: Connection, key: Key, rule: Rule, ids: Sequence[UUID]) -> int:
        if not ids:
            return 0
        if rule.action == "erase":
            return self._erases.erase_within(connection, ids, BY)
        form = self._forms.get(key.form)
        return self._erases.anonymise_within(connection, ids, {key.form: form.offers} if form else {}, BY)

    def _note(self, connection: Connection, key: Key, kept: Kept | None, rule: Rule | None, now: datetime) -> None:
        before = kept.standing if kept else Standing()
        standing = before.seen(rule, now)
        if kept and before.counts != standing.counts:
            self._end_within(connection, kept)
        if rule is None:
            table.remove(connection, key)
        elif kept is None or standing != before:
            table.put(connection, key, standing, is_new=kept is None)

    def _end_within(self, connection: Connection, kept: Kept) -> None:
        counts = kept.standing.counts
        if counts is None or kept.run_began_at is None:
            return
        done = "erased" if counts.action == "erase" else "anonymised"
        on = kept.key.form if kept.key.what == "submissions" else f"{kept.key.form} {kept.key.what}"
        self._audit.note(BY, f"retention.{done}", on, count=kept.run_count, within=connection)
        table.end_run(connection, kept, self._clock())


def _stands(kept: Mapping[Key, Kept], key: Key) -> Standing:
    return kept[key].standing if key in kept else Standing()
