"""Records which deliveries submissions ask for, each submission once."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID
from zlib import crc32

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable

from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.caps import LIMITED
from notify_service.deliveries.documents import documents
from notify_service.deliveries.erasures import ERASED_FROM, erased_among, erased_from, is_erased
from notify_service.deliveries.statements import GIVEN, HELD_FOR, wanted_document
from notify_service.deliveries.states import SETTLED, SPAM, WITHHELD
from notify_service.tables import deliveries, planned_submissions, verdicts
from shared.database import classified, iso

_C, _P, _V = deliveries.c, planned_submissions.c, verdicts.c

PLANNING = crc32(b"counterfoil planning")
"""The lock that planners share, and that whoever decides about a submission has alone: else neither would see what the
other writes, and what is withheld could be planned at the same moment."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission and the deliveries it asks for. `fingerprint` is of all that may make it ask for others.

    Without the moment at which it was accepted it counts for no erased one. `opt_in` says that it waits for its address
    to be confirmed.
    """

    id: UUID
    fingerprint: str
    asked: Sequence[Planned]
    accepted_at: datetime | None = None
    opt_in: bool = False


class PutAside(Protocol):
    """Lets deliveries wait that are told of along with others."""

    def __call__(
        self, connection: Connection, planned: Sequence[Planned], keys: Collection[Key], now: datetime
    ) -> Set[Key]:
        """Have some of those that are `planned` wait, of the pending ones with these keys, and return which do."""


class PlanTable:
    """Notes what is planned, and records it as pending. Safe to use from many threads and processes at once.

    `count_erased` is told how many came that are erased. `put_aside` lets some of what is recorded wait for others.
    """

    def __init__(
        self,
        engine: Engine,
        count_erased: Callable[[int], object] = lambda _: None,
        put_aside: PutAside = lambda *_: set(),
    ) -> None:
        self._engine = engine
        self._count_erased = count_erased
        self.put_aside = put_aside
        self._note = _note_statement(engine.dialect.name)
        self._record = _record_statement(engine.dialect.name)

    def record(self, submissions: Sequence[Submission], now: datetime) -> set[Key]:
        """Record all of them in one transaction, and return the deliveries that a message is to be published for.

        A submission with the same fingerprint is planned once: when it comes again, nothing is recorded, and what is
        returned of it is all that is neither settled nor held, whatever it asks for by now: nobody knows whether there
        is a message for it. What a cap holds is returned, too. One that asks for nothing is not noted, nor one that is
        erased, of which nothing is returned. Raises `DependencyUnavailable`.
        """
        ordered = sorted(submissions, key=lambda one: one.id)  # two planners wait for each other, never in a circle
        with classified(), self._engine.begin() as connection:
            plan_together(connection)
            new = self._noted(connection, [one for one in ordered if one.asked], now)
            asked = _each_once([one for one in ordered if (one.id, one.fingerprint) in new])
            values = {"wanted": wanted_document(asked), "now": now}
            recorded = connection.execute(self._record, values) if asked else ()
            found = [_key_of(row) for row in recorded if row.state not in _AT_REST]
            aside = self.put_aside(connection, asked, found, now) if found else set()
            found = [key for key in found if key not in aside]
            known = {(one.id, one.fingerprint): one for one in ordered if (one.id, one.fingerprint) not in new}
            gone = erased_among(connection, [(one.id, one.accepted_at) for one in known.values()]) if known else set()
            known = {key: one for key, one in known.items() if (one.id, one.accepted_at) not in gone}
            if known:
                rows = connection.execute(_UNSETTLED, {"of_ids": list({one for one, _ in known})})
                found += [_key_of(row) for row in rows if (row.submission_id, row.fingerprint) in known]
        self._count_erased(len(gone))
        return set(found)

    def add(self, connection: Connection, one: Submission, now: datetime) -> None:
        """Note a submission as planned, and record what it asks for, each once, in a transaction that has begun."""
        self._noted(connection, [one], now)
        if one.asked:
            connection.execute(self._record, {"wanted": wanted_document(_each_once([one])), "now": now})

    def is_new(self, connection: Connection, one: Submission, now: datetime) -> bool:
        """Note something of a submission as planned, in a transaction that has begun, and say whether it was not, and
        is not erased."""
        return bool(self._noted(connection, [one], now))

    def unfinished(self, submission_ids: Collection[UUID]) -> set[UUID]:
        """Return those of them that have a delivery which is neither sent, nor failed, nor held by a cap.

        Raises `DependencyUnavailable`.
        """
        with classified(), self._engine.begin() as connection:
            return set(connection.scalars(_UNFINISHED, {"of_ids": list(submission_ids)}))

    def _noted(self, connection: Connection, asking: Sequence[Submission], now: datetime) -> set[tuple[UUID, str]]:
        """Note them as planned, and return those that were not."""
        if not asking:
            return set()
        noted = json.dumps([_noted_as(one) for one in asking])
        rows = connection.execute(self._note, {"noted": noted, "now": now})
        return {(row.submission_id, row.fingerprint) for row in rows}


def plan_together(connection: Connection) -> None:
    """Plan beside others, and beside no verdict: it waits for planners, and they for it. SQLite has one writer at a
    time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(_AT_WORK)


def plan_alone(connection: Connection) -> None:
    """Keep everybody else from planning until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(PLANNING)))


def is_withheld(submission_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that the verdict on a submission is to hold it back."""
    return select(literal(1)).where(_V.submission_id == submission_id, _V.is_released.is_(False)).exists()


def _each_once(submissions: Sequence[Submission]) -> list[Planned]:
    """Return what they ask for, in order: two bodies under one id ask for the same, and no statement takes it twice."""
    asked = dict[Key, Planned]()
    for planned in (planned for one in submissions for planned in one.asked):
        asked.setdefault(planned.key, planned)
    return list(asked.values())


def _key_of(row: Any) -> Key:
    return Key(row.submission_id, row.channel, row.destination_hash, row.request)


def _noted_as(one: Submission) -> dict[str, str | None]:
    at = one.accepted_at
    return {
        "submission_id": str(one.id),
        "fingerprint": one.fingerprint,
        "accepted_at": None if at is None else iso(at),
        "erased_from": None if at is None else iso(erased_from(at)),
    }


def _note_statement(dialect: str) -> Executable:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(planned_submissions)
    noted = documents(dialect, "noted", (_P.submission_id, _P.fingerprint, _P.accepted_at, ERASED_FROM))
    values = (noted.c.submission_id, noted.c.fingerprint, noted.c.accepted_at)
    is_there = not_(is_erased(noted.c.submission_id, noted.c[ERASED_FROM.name]))
    chosen = select(*values, bindparam("now", type_=_P.planned_at.type)).where(is_there)
    insert = insert.from_select(["submission_id", "fingerprint", "accepted_at", "planned_at"], chosen)
    return insert.on_conflict_do_nothing().returning(_P.submission_id, _P.fingerprint)


def _record_statement(dialect: str) -> Executable:
    """Return what records deliveries: cancelled where their submission is withheld, held where they wait, else pending.

    One that is held as spam, by an event with the same fields, is pending by this one: good wins. Storage is told
    nothing of what waits: that is in order, and its row says already that it was told.
    """
    wanted, now = documents(dialect, "wanted", (*GIVEN, HELD_FOR)), bindparam("now", type_=_C.changed_at.type)
    withheld, waits = is_withheld(wanted.c.submission_id), wanted.c.held_for.is_not(None)
    values = {
        **{one.name: wanted.c[one.name] for one in GIVEN},
        "state": case((withheld, "cancelled"), (waits, "held"), else_="pending"),
        "last_error": case((withheld, WITHHELD), else_=wanted.c.held_for),
        "attempts": literal(0),
        "due_at": case((or_(withheld, waits), null()), else_=now),
        "told": case((and_(not_(withheld), waits), "held")),
        **dict.fromkeys(("created_at", "changed_at"), now),
    }
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(deliveries)
    insert = insert.from_select(list(values), select(*values.values()).where(true()))
    good = {name: insert.excluded[name] for name in ("state", "last_error", "due_at", "changed_at")}
    is_spam = and_(_C.state == "held", _C.last_error == SPAM)
    return insert.on_conflict_do_update(index_elements=_ROW, set_=good, where=is_spam).returning(*_ROW, _C.state)


_AT_REST = ("cancelled", "held")
_AT_WORK = select(func.pg_advisory_xact_lock_shared(PLANNING))
_ROW = (_C.submission_id, _C.channel, _C.destination_hash, _C.request)
_OF_THESE = _C.submission_id.in_(bindparam("of_ids", type_=Uuid(), expanding=True))
_UNFINISHED = select(_C.submission_id).where(_OF_THESE, _C.state.in_(("pending", "sending", "retrying")))
_UNSETTLED = (
    select(*_ROW, _P.fingerprint)
    .join_from(deliveries, planned_submissions, _C.submission_id == _P.submission_id)
    .where(_OF_THESE, _C.state.not_in(SETTLED))
    .where(or_(_C.state != "held", _C.last_error.startswith(LIMITED, autoescape=True)))
)
