"""Notes what is erased, and forgets it, in one transaction; and once more, a moment later."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine, delete, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from notify_service.deliveries.erasures import Accepted, erased_among
from notify_service.deliveries.plan_table import plan_alone
from notify_service.forgetting.parked import ParkedRequests
from notify_service.forgetting.procedure import forget
from notify_service.tables import deliveries, delivery_attempts, erased
from shared.database import classified, reading
from shared.failpoints import Reach, ignore

AGAIN_FOR = timedelta(minutes=3)
"""How long after it was noted an erasure is looked after again: a worker whose statement began before it may have
written after it. A statement takes milliseconds; once a minute is looked."""

KEPT_FOR = timedelta(days=400)
"""How long it is known what is erased: see docs/decisions/0064-forgetting.md."""

PAGE = 500
PAGES_MOST = 40

_E, _A = erased.c, delivery_attempts.c


class ErasureTable:
    """`handler.Erasures` in a database. Safe to use from many threads and processes at once."""

    def __init__(
        self, engine: Engine, count_erased: Callable[[int], object] = lambda _: None, reach: Reach = ignore
    ) -> None:
        self._engine = engine
        self._parked = ParkedRequests(engine)
        self._reach = reach
        self._count_erased = count_erased

    def erase(self, moments: Mapping[UUID, datetime], now: datetime) -> None:
        """Note and forget them; see `handler.Erasures`. Nobody plans meanwhile."""
        requests = self._parked.carrying(moments)
        with classified(), self._engine.begin() as connection:
            plan_alone(connection)
            _note(connection, moments, now)
            forget(connection, moments, requests)
            self._reach("within-forget")

    def erased_among(self, known: Collection[Accepted]) -> set[Accepted]:
        """Return those of them that are erased; raises `DependencyUnavailable`."""
        with classified(), reading(self._engine).connect() as connection:
            gone = erased_among(connection, known)
        self._count_erased(len(gone))
        return gone

    def forget_again(self, now: datetime) -> None:
        """Forget once more what was erased lately; raises `DependencyUnavailable`."""
        last, is_any = UUID(int=0), False
        for _ in range(PAGES_MOST):
            lately = self._noted(now - AGAIN_FOR, last)
            if lately:
                is_any, last = True, max(lately)
                requests = self._parked.carrying(lately)
                with classified(), self._engine.begin() as connection:
                    forget(connection, lately, requests)
            if len(lately) < PAGE:
                break
        if is_any:
            self._forget_tries_of_nothing(now)

    def _noted(self, since: datetime, after: UUID) -> Mapping[UUID, datetime]:
        page = select(_E.submission_id, _E.at).where(_E.noted_at > since, _E.submission_id > after)
        with classified(), reading(self._engine).connect() as connection:
            rows = connection.execute(page.order_by(_E.submission_id).limit(PAGE))
            return {row.submission_id: row.at for row in rows}

    def _forget_tries_of_nothing(self, now: datetime) -> None:
        """Remove tries that were kept while their delivery was being forgotten."""
        is_known = select(literal(1)).where(deliveries.c.id == _A.delivery_id).exists()
        with classified(), self._engine.begin() as connection:
            connection.execute(delete(delivery_attempts).where(_A.at > now - 2 * AGAIN_FOR, ~is_known))

    def forget_old(self, now: datetime) -> None:
        """Forget what is erased for longer than `KEPT_FOR`, a few at once; raises `DependencyUnavailable`."""
        old = select(_E.submission_id).where(_E.noted_at < now - KEPT_FOR).order_by(_E.noted_at).limit(PAGE)
        for _ in range(PAGES_MOST):
            with classified(), self._engine.begin() as connection:
                if connection.execute(delete(erased).where(_E.submission_id.in_(old))).rowcount < PAGE:
                    return

    @property
    def tasks(self) -> Sequence[Callable[[datetime], None]]:
        """What is done once a minute."""
        return (self.forget_again, self.forget_old)


def _note(connection: Connection, moments: Mapping[UUID, datetime], now: datetime) -> None:
    """Note them in the order of their ids, so that two that note the same ones never wait in a circle."""
    insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(erased)
    new = {"at": insert.excluded.at, "noted_at": insert.excluded.noted_at}
    insert = insert.on_conflict_do_update(index_elements=[_E.submission_id], set_=new, where=_E.at < insert.excluded.at)
    rows = [{"submission_id": one, "at": moments[one], "noted_at": now} for one in sorted(moments)]
    connection.execute(insert, rows)
