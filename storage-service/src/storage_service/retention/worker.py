"""Applies the rules beside what else a process does: each in turn, in short transactions, with room between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from shared.failpoints import Injected
from shared.forms import Form
from shared.messaging.failures import DependencyUnavailable
from storage_service.jobs.pace import AIMED_ON_SQLITE_S, AIMED_S, Pace
from storage_service.retention.applying import Applying
from storage_service.retention.due import Place
from storage_service.retention.look import Look
from storage_service.retention.rules import Key, Rule, rule_of
from storage_service.retention.table import Kept
from storage_service.sweeping.behind import Behind

LOOK_EVERY_S = 60.0

TURN_S = 2.0
"""How long one rule is applied before others have their turn."""

ROWS_LEAST, ROWS_LEAST_ON_SQLITE = 50, 20
"""In one step, however long it takes: on a busy disk nearly all of that is its commit. A step has 19 statements,
however many rows: of 20 rows a row cost 1.0 ms of the processors, of 100 rows 0.3 ms."""

RESTS, RESTS_ON_SQLITE = 9.0, 3.0
"""How many times as long as a step it rests after it: nobody waits for what is due, and everybody for its steps. They
are a tenth of the time: then the slowest twentieth of the accepts is hardly slower. SQLite's are short ones."""

LOOK_BACK_EVERY = timedelta(days=1)
"""How often what was looked at is looked at again: something may have come in late."""


def _ignore(_rule: Rule, _count: int) -> None:
    pass


def _nothing() -> None:
    pass


class Worker(Behind):
    """Applies the rules in rounds. `others` removes what else is too old, called once in each round. `taken` is told of
    what was erased, or made anonymous.
    """

    def __init__(
        self,
        engine: Engine,
        applying: Applying,
        forms: Mapping[str, Form],
        *,
        others: Callable[[], None] = _nothing,
        taken: Callable[[Rule, int], None] = _ignore,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        super().__init__(engine, "retention", self._round, other_s=look_every_s, clock=clock)
        self._applying = applying
        self._forms = forms
        self._others = others
        self._taken = taken
        self._look_every_s = look_every_s
        is_sqlite = engine.dialect.name == "sqlite"
        self._pace = Pace(aimed_s=AIMED_ON_SQLITE_S if is_sqlite else AIMED_S)
        self._rows_least = ROWS_LEAST_ON_SQLITE if is_sqlite else ROWS_LEAST
        self._rests = RESTS_ON_SQLITE if is_sqlite else RESTS
        self._looks = dict[Key, Look]()

    def _round(self) -> float:
        """Apply each rule that counts for a while; return after how many seconds to come again, 0 where something is
        left. Raises `DependencyUnavailable`."""
        kept, left = self._applying.see(), False
        self._looks = {key: look for key, look in self._looks.items() if key in kept}
        for key, one in kept.items():
            if one.standing.counts and not self._stopping.is_set():
                left |= self._apply(key, one.standing.counts, self._look(one, one.standing.counts))
        if left:
            return 0.0
        self._others()
        return self._look_every_s

    def _look(self, kept: Kept, rule: Rule) -> Look:
        look = self._looks.get(kept.key)
        if look is None or look.rule != rule or self._clock() - look.begun_at > LOOK_BACK_EVERY:
            look = self._looks[kept.key] = Look(rule, self._clock())
        elif look.is_over:
            look.go_on_from(kept.done_to)
        return look

    def _apply(self, key: Key, rule: Rule, look: Look) -> bool:
        until_s = time.monotonic() + TURN_S
        while not self._stopping.is_set() and self._is_stated(key, rule):
            if look.is_over:
                self._applying.end(key)
                return False
            if time.monotonic() > until_s:
                return True
            if not look.due:
                look.read(self._applying.page(key, rule, look.after))
            elif not self._go_on(key, rule, look):
                return False
        return False

    def _is_stated(self, key: Key, rule: Rule) -> bool:
        """Return whether the file says this still, or what takes more."""
        stated = rule_of(self._forms, key)
        return stated is not None and rule.takes_no_more_than(stated)

    def _go_on(self, key: Key, rule: Rule, look: Look) -> bool:
        some = look.due[: 1 if look.singly else max(self._rows_least, self._pace.rows)]
        try:
            step = self._applying.step(key, rule, some)
        except (DependencyUnavailable, Injected):
            raise
        except Exception as error:  # noqa: BLE001 - what cannot be erased must not keep the others
            self._failed(error, some, look)
            return True
        if step.is_stopped:
            return False
        look.done(len(some))
        self._pace.took(len(some), step.seconds)
        self._taken(rule, step.count)
        self._turned_s = time.monotonic()
        self._stopping.wait(step.seconds * self._rests)
        return self._is_leased()

    def _failed(self, error: Exception, some: Sequence[Place], look: Look) -> None:
        if len(some) > 1:
            look.singly = len(some)
            return
        look.done(1)
        self._log.error(
            "retention passes over a submission", id=str(some[0].id), error=type(error).__name__, exc_info=error
        )
