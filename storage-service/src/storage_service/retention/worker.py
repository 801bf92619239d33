"""Applies the rules beside what else a process does: each in turn, in short transactions, with room between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Engine

from shared.database import Lease, classified
from shared.failpoints import Injected
from shared.forms import Form
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.worker import STUCK_AFTER_S, probe_delay_s
from storage_service.jobs.pace import AIMED_ON_SQLITE_S, Pace
from storage_service.retention.applying import Applying
from storage_service.retention.due import Place
from storage_service.retention.look import Look
from storage_service.retention.rules import Key, Rule, rule_of
from storage_service.retention.table import Kept
from storage_service.tables import LEASES

LOOK_EVERY_S = 60.0

TURN_S = 2.0
"""How long one rule is applied before others have their turn."""

AIMED_S = 0.05
"""How long a step should take on PostgreSQL: whoever changes one of its submissions waits for it. 100 ms at most."""

ROWS_LEAST = 20
"""In one step, however long it takes: on a busy disk nearly all of that is its commit."""

RESTS = 3.0
"""How many times as long as a step it rests after it: nobody waits for what is due, and everybody for its steps."""

LOOK_BACK_EVERY = timedelta(days=1)
"""How often what was looked at is looked at again: something may have come in late."""


def _ignore(_rule: Rule, _count: int) -> None:
    pass


def _nothing() -> None:
    pass


class Worker:
    """Runs beside what else a process does, as a consumer does (`broker.Consumer`): `run` until `stop`.

    Several may run; only the one that has the lease works. `others` removes what else is too old, called once in each
    round. `taken` is told of what was erased, or made anonymous.
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
        self._engine = engine
        self._applying = applying
        self._forms = forms
        self._others = others
        self._taken = taken
        self._clock = clock
        self._look_every_s = look_every_s
        self._lease = Lease(LEASES, "retention")
        self._pace = Pace(aimed_s=AIMED_ON_SQLITE_S if engine.dialect.name == "sqlite" else AIMED_S)
        self._looks = dict[Key, Look]()
        self._stopping = threading.Event()
        self._turned_s = time.monotonic()
        self._log = structlog.get_logger().bind(part="retention")

    def run(self) -> None:
        """Work until `stop`; then finish the transaction in hand, and give the lease back."""
        failures = 0
        while not self._stopping.is_set():
            self._turned_s = time.monotonic()
            try:
                is_more = self.turn()
                failures = 0
            except DependencyUnavailable as error:
                is_more, failures = False, failures + 1
                self._log.warning("retention waits", because=str(error))
            except Exception as error:  # noqa: BLE001 - a bug must not end the process; what is due stays
                is_more, failures = False, failures + 1
                self._log.error("retention failed", error=type(error).__name__, exc_info=error)
            if not is_more:
                self._stopping.wait(probe_delay_s(failures) if failures else self._look_every_s)
        with suppress(DependencyUnavailable), classified(), self._engine.begin() as connection:
            self._lease.give_back(connection)

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping.set()

    def missing(self) -> list[str]:
        """Return nothing: what is due holds nothing up."""
        return []

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps; see `broker.Consumer`."""
        is_stuck = time.monotonic() - self._turned_s > STUCK_AFTER_S + self._look_every_s
        return ["retention: its thread does not turn"] if is_stuck else []

    def turn(self) -> bool:
        """Apply each rule that counts for a while, and say whether something is left; raises
        `DependencyUnavailable`."""
        if not self._is_leased():
            return False
        kept, left = self._applying.see(), False
        self._looks = {key: look for key, look in self._looks.items() if key in kept}
        for key, one in kept.items():
            if one.standing.counts and not self._stopping.is_set():
                left |= self._apply(key, one.standing.counts, self._look(one, one.standing.counts))
        if not left:
            self._others()
        return left

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
            if time.monotonic() > until_s:
                return True
            if look.is_over:
                self._applying.end(key)
                return False
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
        some = look.due[: 1 if look.singly else max(ROWS_LEAST, self._pace.rows)]
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
        self._stopping.wait(step.seconds * RESTS)
        return self._is_leased()

    def _failed(self, error: Exception, some: Sequence[Place], look: Look) -> None:
        if len(some) > 1:
            look.singly = len(some)
            return
        look.done(1)
        self._log.error(
            "retention passes over a submission", id=str(some[0].id), error=type(error).__name__, exc_info=error
        )

    def _is_leased(self) -> bool:
        now = self._clock()
        if self._lease.is_running(now):
            return True
        with classified(), self._engine.begin() as connection:
            return self._lease.is_taken(connection, now)
