"""Makes digests of what waits, and keeps their life, in a database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Engine, Update, and_, delete, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from notify_service.deliveries.states import GATHERED
from notify_service.tables import DIGESTS, deliveries
from shared.database import classified, reading

KEPT_FOR = timedelta(days=1)
"""How long it is known what was sent."""

_C, _I, _D = deliveries.c, DIGESTS.items.c, DIGESTS.digests.c
_WAITS = and_(_C.state == "held", _C.last_error.in_(GATHERED))


@dataclass(frozen=True, slots=True)
class Group:
    """So many deliveries to one owner about one form that wait since one schedule; the first of them until `due_at`."""

    form: str
    address_hash: str
    schedule: str
    due_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A digest that is this process's to send, until `lease_until`. `attempts` counts this one."""

    id: UUID
    form: str
    address_hash: str
    schedule: str
    made_at: datetime
    attempts: int
    holder: UUID
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One delivery of a digest."""

    delivery_id: UUID
    submission_id: UUID
    accepted_at: datetime
    origin: str | None


class DigestTable:
    """Safe to use from many threads and processes at once. All raise `DependencyUnavailable`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert

    def groups(self) -> Sequence[Group]:
        """Return what waits, and stands in no digest yet."""
        named = (_I.form, _I.address_hash, _I.schedule)
        found = select(*named, func.min(_I.due_at).label("due_at"), func.count().label("number"))
        found = found.where(_I.digest.is_(None)).group_by(*named).order_by(*named)
        with classified(), self._reading.connect() as connection:
            rows = connection.execute(found).all()
        return [Group(row.form, row.address_hash, row.schedule, row.due_at, row.number) for row in rows]

    def is_sent_since(self, group: Group, moment: datetime) -> bool:
        """Say whether an owner has had a digest of a form since then."""
        of_it = (_D.form == group.form, _D.address_hash == group.address_hash, _D.sent_at > moment)
        with classified(), self._reading.connect() as connection:
            return connection.scalar(select(literal(1)).where(*of_it).limit(1)) is not None

    def make(self, group: Group, now: datetime) -> UUID | None:
        """Make a digest of a group; None where one to that owner about that form is not sent yet, or nothing waits."""
        named = {"form": group.form, "address_hash": group.address_hash, "schedule": group.schedule}
        made = self._insert(DIGESTS.digests).values(id=uuid4(), **named, made_at=now, attempts=0)
        waiting = and_(_I.digest.is_(None), *(_I[name] == value for name, value in named.items()))
        with classified(), self._engine.begin() as connection:
            key: UUID | None = connection.scalar(made.on_conflict_do_nothing().returning(_D.id))
            if key is None:
                return None
            if connection.execute(update(DIGESTS.items).where(waiting).values(digest=key)).rowcount:
                return key
            connection.execute(delete(DIGESTS.digests).where(_D.id == key))
        return None

    def due(self, now: datetime) -> Sequence[UUID]:
        """Return the digests that nobody is sending, and whose time has come, the oldest first."""
        found = select(_D.id).where(_D.sent_at.is_(None), _free(now)).order_by(_D.made_at, _D.id)
        with classified(), self._reading.connect() as connection:
            return connection.scalars(found).all()

    def claim(self, digest: UUID, holder: UUID, now: datetime, until: datetime) -> Claimed | None:
        """Claim a digest; None where somebody else has, or has sent it."""
        taken = update(DIGESTS.digests).where(_D.id == digest, _D.sent_at.is_(None), _free(now))
        taken = taken.values(owner=holder, lease_until=until, next_attempt_at=None, attempts=_D.attempts + 1)
        with classified(), self._engine.begin() as connection:
            row = connection.execute(taken.returning(*_D)).one_or_none()
        if row is None:
            return None
        return Claimed(digest, row.form, row.address_hash, row.schedule, row.made_at, row.attempts, holder, until)

    def count(self, claimed: Claimed) -> int:
        """Return how many stand in a digest, once those are left out that wait no more: what was cancelled, erased, or
        asked for by itself."""
        waits = select(literal(1)).where(_C.id == _I.delivery_id, _WAITS).exists()
        with classified(), self._engine.begin() as connection:
            connection.execute(delete(DIGESTS.items).where(_I.digest == claimed.id, ~waits))
            return connection.scalar(select(func.count()).where(_I.digest == claimed.id)) or 0

    def items(self, claimed: Claimed, most: int) -> Sequence[Item]:
        """Return the first of them."""
        found = select(_I.delivery_id, _I.submission_id, _I.accepted_at, _I.origin).where(_I.digest == claimed.id)
        with classified(), self._reading.connect() as connection:
            rows = connection.execute(found.order_by(_I.accepted_at, _I.delivery_id).limit(most)).all()
        return [Item(*row) for row in rows]

    def put_back(self, ids: Collection[UUID], until: datetime) -> None:
        """Take deliveries out of their digest, and let them wait until then at the earliest."""
        put = update(DIGESTS.items).where(_I.delivery_id.in_(ids)).values(digest=None, due_at=until)
        with classified(), self._engine.begin() as connection:
            connection.execute(put)

    def release(self, claimed: Claimed, reason: str | None, again_at: datetime | None = None) -> None:
        """Give a claim back: nothing was tried."""
        values = {"attempts": _D.attempts - 1, "next_attempt_at": again_at, "last_error": reason}
        with classified(), self._engine.begin() as connection:
            connection.execute(_own(claimed).values(owner=None, lease_until=None, **values))

    def drop(self, claimed: Claimed) -> None:
        """Forget a digest in which nothing stands any more."""
        with classified(), self._engine.begin() as connection:
            connection.execute(delete(DIGESTS.digests).where(_D.id == claimed.id))

    def forget_old(self, now: datetime) -> None:
        """Forget what was sent long ago."""
        with classified(), self._engine.begin() as connection:
            connection.execute(delete(DIGESTS.digests).where(_D.sent_at < now - KEPT_FOR))


def _own(claimed: Claimed) -> Update:
    return update(DIGESTS.digests).where(_D.id == claimed.id, _D.owner == claimed.holder)


def _free(now: datetime) -> ColumnElement[bool]:
    is_free = or_(_D.lease_until.is_(None), _D.lease_until <= now)
    return and_(is_free, or_(_D.next_attempt_at.is_(None), _D.next_attempt_at <= now))
