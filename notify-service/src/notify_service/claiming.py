"""The statement that claims a confirmation, and counts it against its recipient's cap."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, bindparam, case, false, func, literal, null, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement, Executable

from notify_service.domain import TOO_MANY
from notify_service.recipients import Cap
from notify_service.tables import confirmations

_C = confirmations.c


def claim_statement(dialect: str, cap: Cap | None) -> Executable:
    """Return one statement, so that two workers cannot both believe it: the row is made, or taken over if it may be.

    A row that is made beyond the cap has failed from the start, and counts for nothing itself. The count is that of
    an index, and goes no further than the cap.
    """
    values = _values(cap)
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(confirmations)
    insert = insert.from_select(list(values.selected_columns.keys()), values)
    own = and_(_C.state == "sending", is_bound(_C.owner, "new_owner"))
    over = _C.lease_until <= _bound("now", _C.changed_at)
    return insert.on_conflict_do_update(
        index_elements=[_C.submission_id, _C.channel, _C.destination_hash],
        set_={
            "state": "sending",
            "attempts": case((own, _C.attempts), else_=_C.attempts + 1),
            "owner": _bound("new_owner", _C.owner),
            "lease_until": _bound("new_lease", _C.lease_until),
            "changed_at": _bound("now", _C.changed_at),
        },
        where=or_(_C.state.in_(("pending", "retrying")), own, and_(_C.state == "sending", over)),
    ).returning(_C.channel, _C.state, _C.attempts, _C.changed_at)


def is_bound(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a column has the value of a parameter."""
    return column == _bound(name, column)


def _values(cap: Cap | None) -> Select[Any]:
    recipient: ColumnElement[Any] = null() if cap is None else _bound("of_recipient", _C.recipient_hash)
    earlier = _counted(cap) if cap else None
    is_over = false() if cap is None or earlier is None else earlier.c.count >= cap.most

    def unless_over(value: ColumnElement[Any], otherwise: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
        return case((is_over, null() if otherwise is None else otherwise), else_=value)

    chosen = select(
        _bound("of_id", _C.submission_id).label("submission_id"),
        _bound("of_channel", _C.channel).label("channel"),
        _bound("of_hash", _C.destination_hash).label("destination_hash"),
        unless_over(literal("sending"), literal("failed")).label("state"),
        unless_over(literal(1), literal(0)).label("attempts"),
        unless_over(_bound("new_owner", _C.owner)).label("owner"),
        unless_over(_bound("new_lease", _C.lease_until)).label("lease_until"),
        unless_over(null(), literal(TOO_MANY)).label("last_error"),
        _bound("now", _C.changed_at).label("changed_at"),
        unless_over(recipient).label("recipient_hash"),
        _bound("now", _C.changed_at).label("claimed_at"),
    )
    chosen = chosen if earlier is None else chosen.select_from(earlier)
    return chosen.where(true())  # without WHERE, SQLite reads ON CONFLICT as a join (sqlite.org/lang_upsert)


def _counted(cap: Cap) -> Any:
    since = _C.claimed_at > _bound("since", _C.claimed_at)
    some = select(literal(1).label("one")).where(is_bound(_C.recipient_hash, "of_recipient"), since).limit(cap.most)
    return select(func.count().label("count")).select_from(some.subquery()).subquery("earlier")


def _bound(name: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    return bindparam(name, type_=column.type)
