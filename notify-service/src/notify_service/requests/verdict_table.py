"""Keeps what owners decided about submissions, released or withheld, and applies it to their deliveries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Engine, and_, case, func, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from notify_service.channels.planned import Key
from notify_service.channels.registry import ON_RECEIPTS
from notify_service.deliveries.caps import LIMITED
from notify_service.deliveries.erasures import erased_among, is_forgotten
from notify_service.deliveries.plan_table import PlanTable, Submission, plan_alone
from notify_service.deliveries.states import NO_LONGER_WANTED, OPT_IN, WITHHELD
from notify_service.tables import deliveries, verdicts
from shared.database import classified

_C, _V = deliveries.c, verdicts.c
_UNDER_WAY = ("pending", "sending", "retrying")
_WITHHELD = or_(
    and_(_C.state == "cancelled", func.coalesce(_C.last_error, "") != NO_LONGER_WANTED),
    and_(_C.state == "held", not_(func.coalesce(_C.last_error, "").startswith(LIMITED, autoescape=True))),
)
"""What a release makes pending. What a cap holds waits for that cap."""

_AT_REST: dict[str, Any] = {
    "state": "held",
    "told": func.coalesce(_C.told, "held"),
    **dict.fromkeys(("due_at", "next_attempt_at", "owner", "lease_until")),
}
"""What waits for something that a release is not."""

_CANCELLED = {"state": "cancelled", "last_error": WITHHELD, **dict.fromkeys(("due_at", "next_attempt_at"))}
"""Who is sending it meanwhile keeps the lease: a release has to know that this one may have sent it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision about a submission; of several the one with the highest `version` counts, whatever comes last."""

    submission_id: UUID
    version: int
    is_released: bool


class VerdictTable:
    """The verdicts in a database. Safe to use from many threads and processes at once.

    `count_erased` is called for each on a submission that is erased.
    """

    def __init__(self, engine: Engine, plans: PlanTable, count_erased: Callable[[], object] = lambda: None) -> None:
        self._engine = engine
        self._plans = plans
        self._count_erased = count_erased

    def withhold(self, submission_id: UUID, version: int, now: datetime) -> bool:
        """Cancel what of a submission is not sent, and what is planned of it later; False where a later verdict stands,
        or it is erased.

        What is being sent meanwhile is recorded as sent, where that is what comes of it. Raises
        `DependencyUnavailable`.
        """
        with classified(), self._engine.begin() as connection:
            plan_alone(connection)
            if is_forgotten(connection, submission_id):
                self._count_erased()
                return False
            if _standing(connection, Verdict(submission_id, version, is_released=False), now) is None:
                return False
            unsent = update(deliveries).where(_C.submission_id == submission_id, _C.state.in_((*_UNDER_WAY, "held")))
            connection.execute(unsent.values({**_CANCELLED, "changed_at": now}))
        return True

    def sent(self, submission_id: UUID) -> set[Key]:
        """Return what of a submission was sent; raises `DependencyUnavailable`."""
        with classified(), self._engine.begin() as connection:
            return _keys(connection, submission_id, ["sent"])

    def release(self, asking: Submission, version: int, now: datetime) -> set[Key] | None:
        """Record what a released submission asks for, each once, and make pending what was withheld of it.

        Whom a request has told of it is not told again. A release that comes twice asks for nothing more. What somebody
        is still sending is theirs until their lease is over. What waits for something else stays held. Return all of it
        that is to be sent now; None where a later verdict stands, or it is erased. Raises `DependencyUnavailable`.
        """
        with classified(), self._engine.begin() as connection:
            plan_alone(connection)
            if erased_among(connection, [(asking.id, asking.accepted_at)]):
                self._count_erased()
                return None
            standing = _standing(connection, Verdict(asking.id, version, is_released=True), now)
            if standing is None:
                return None
            if standing == "again":
                return _keys(connection, asking.id, _UNDER_WAY)
            _take_back(connection, asking, now)
            told = {(key.channel, key.destination_hash) for key in _keys(connection, asking.id, (*_UNDER_WAY, "sent"))}
            asked = [one for one in asking.asked if (one.key.channel, one.key.destination_hash) not in told]
            self._plans.add(connection, replace(asking, asked=asked), now)
            pending = _keys(connection, asking.id, _UNDER_WAY)
            return pending - self._plans.put_aside(connection, asking.asked, pending, now)


def _standing(connection: Connection, verdict: Verdict, now: datetime) -> Literal["new", "again"] | None:
    """Record a verdict, and say whether it is the one that counts, and since now; None where it is not."""
    insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(verdicts).values(
        submission_id=verdict.submission_id,
        version=verdict.version,
        is_released=verdict.is_released,
        decided_at=now,
    )
    new = insert.excluded
    newer = {one.name: new[one.name] for one in (_V.version, _V.is_released, _V.decided_at)}
    upsert = insert.on_conflict_do_update(index_elements=[_V.submission_id], set_=newer, where=_V.version < new.version)
    if connection.execute(upsert.returning(_V.version)).all():
        return "new"
    found = select(_V.version, _V.is_released).where(_V.submission_id == verdict.submission_id)
    standing = connection.execute(found).one()
    return "again" if (standing.version, standing.is_released) == (verdict.version, verdict.is_released) else None


def _take_back(connection: Connection, asking: Submission, now: datetime) -> None:
    """Make pending what of a submission was withheld, or hold it for what it waits for now."""
    waits = {(one.key.channel, one.key.destination_hash): one.held_for for one in asking.asked if one.held_for}
    found = select(_C.id, _C.channel, _C.destination_hash).where(_C.submission_id == asking.id, _WITHHELD)
    held_for = defaultdict[str | None, list[UUID]](list)
    for row in connection.execute(found.with_for_update()):
        is_unconfirmed = asking.opt_in and row.channel != ON_RECEIPTS
        held_for[OPT_IN if is_unconfirmed else waits.get((row.channel, row.destination_hash))].append(row.id)
    for reason, ids in held_for.items():
        values = _taken_back(now) if reason is None else {**_AT_REST, "last_error": reason, "changed_at": now}
        connection.execute(update(deliveries).where(_C.id.in_(ids)).values(values))


def _taken_back(now: datetime) -> dict[str, Any]:
    """Return what makes a delivery pending that was withheld, or leaves it to whoever was sending it then.

    What was held in order, of which storage was told nothing, is as if it had been pending from the start.
    """
    is_leased = _C.lease_until > now
    return {
        "told": case((and_(_C.told == "held", _C.told_at.is_(None)), None), else_=_C.told),
        "state": case((is_leased, "sending"), else_="pending"),
        "owner": case((is_leased, _C.owner)),
        "lease_until": case((is_leased, _C.lease_until)),
        "last_error": None,
        "due_at": now,
        "next_attempt_at": None,
        "changed_at": now,
    }


def _keys(connection: Connection, submission_id: UUID, states: Sequence[str]) -> set[Key]:
    found = select(_C.channel, _C.destination_hash, _C.request)
    rows = connection.execute(found.where(_C.submission_id == submission_id, _C.state.in_(states)))
    return {Key(submission_id, row.channel, row.destination_hash, row.request) for row in rows}
