"""Removes what else is too old: lines of the audit, and what is left of sign-ins that are long over."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine

from shared.database import classified
from storage_service.accounts.audit import Audit
from storage_service.accounts.devices import KNOWN_FOR
from storage_service.accounts.sessions import IDLE
from storage_service.accounts.tries import FORGOTTEN_AFTER
from storage_service.accounts.writing import sweep
from storage_service.retention.applying import BY
from storage_service.tables import ACCOUNTS

LOOK_EVERY = timedelta(hours=1)

LINES_AT_ONCE = 200
STEPS_MOST = 50
"""Of one look: the rest waits for the next one."""

REST_S = 0.02


class Others:
    """Removes, called now and then. `audit_kept_for` is how long lines of the audit are kept, None for ever."""

    def __init__(
        self,
        engine: Engine,
        audit_kept_for: timedelta | None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine = engine
        self._kept_for = audit_kept_for
        self._audit = Audit(engine, clock=clock)
        self._clock = clock
        self._rest = rest
        self._next_look: datetime | None = None

    def __call__(self) -> None:
        """Look whether something is too old, if that was not done just now; raises as `classified` does."""
        now = self._clock()
        if self._next_look is not None and now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY
        if self._kept_for is not None:
            self._forget_lines(now - self._kept_for)
        with classified(), self._engine.begin() as connection:
            _sweep_sign_ins(connection, now)

    def _forget_lines(self, before: datetime) -> None:
        count = 0
        for _ in range(STEPS_MOST):
            removed = self._audit.forget(before, LINES_AT_ONCE)
            count += removed
            if removed < LINES_AT_ONCE:
                break
            self._rest(REST_S)
        if count:
            self._audit.note(BY, "audit.erased", "audit", count=count)


def _sweep_sign_ins(connection: Connection, now: datetime) -> None:
    """Remove what has ended by itself, as each sign-in does too: where nobody signs in, it would stay."""
    sessions, tries, links, pending, devices = (
        ACCOUNTS.sessions.c,
        ACCOUNTS.tries.c,
        ACCOUNTS.links.c,
        ACCOUNTS.pending.c,
        ACCOUNTS.devices.c,
    )
    sweep(connection, sessions.id, sessions.seen_at, sessions.seen_at <= now - IDLE)
    sweep(connection, tries.key, tries.last_at, tries.last_at <= now - FORGOTTEN_AFTER)
    sweep(connection, links.id, links.expires_at, links.expires_at <= now)
    sweep(connection, pending.hash, pending.expires_at, pending.expires_at <= now)
    sweep(connection, devices.hash, devices.seen_at, devices.seen_at <= now - KNOWN_FOR)
