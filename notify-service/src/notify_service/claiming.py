"""The statements of the claim table that take many confirmations at once.

They travel as one JSON document in one parameter, which the database itself takes apart: one statement of one text,
however many they are, as in docs/decisions/0003-storage-writes.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable
from sqlalchemy.sql.expression import FromClause

from notify_service.domain import TOO_MANY, Claim, Key
from notify_service.recipients import Cap
from notify_service.tables import confirmations
from shared.database import iso

_C = confirmations.c
_KEY = (_C.submission_id, _C.channel, _C.destination_hash)
_SHOWN = (*_KEY, _C.state, _C.attempts, _C.changed_at)


def claim_statement(dialect: str, cap: Cap | None) -> Executable:
    """Return one statement, so that two workers cannot both believe it: each row is made, or taken over if it may be.

    A row that is made beyond the cap has failed from the start, and counts for nothing itself: what is counted is a
    range of an index that holds hardly more than the cap. Rows are taken in the order of their keys, so that two
    workers with the same ones wait for each other and never in a circle.
    """
    wanted = _documents(dialect, "wanted", (*_KEY, _C.recipient_hash))
    is_over: ColumnElement[bool] = false() if cap is None else _counted(wanted) >= cap.most
    rows = select(*wanted.c, is_over.label("is_over")).select_from(wanted).subquery("claimed")
    own = and_(_C.state == "sending", is_bound(_C.owner, "new_owner"))
    over = _C.lease_until <= _bound("now", _C.changed_at)

    def unless_over(value: ColumnElement[Any], otherwise: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
        return case((rows.c.is_over, null() if otherwise is None else otherwise), else_=value)

    values: dict[str, ColumnElement[Any]] = {
        "submission_id": rows.c.submission_id,
        "channel": rows.c.channel,
        "destination_hash": rows.c.destination_hash,
        "state": unless_over(literal("sending"), literal("failed")),
        "attempts": unless_over(literal(1), literal(0)),
        "owner": unless_over(_bound("new_owner", _C.owner)),
        "lease_until": unless_over(_bound("new_lease", _C.lease_until)),
        "last_error": unless_over(null(), literal(TOO_MANY)),
        "changed_at": _bound("now", _C.changed_at),
        "recipient_hash": null() if cap is None else unless_over(rows.c.recipient_hash),
        "claimed_at": _bound("now", _C.changed_at),
    }
    # Without WHERE, SQLite reads ON CONFLICT as a part of a join (sqlite.org/lang_upsert).
    chosen = select(*values.values()).where(true()).order_by(rows.c.submission_id, rows.c.destination_hash)
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(confirmations)
    return (
        insert.from_select(list(values), chosen)
        .on_conflict_do_update(
            index_elements=_KEY,
            set_={
                "state": "sending",
                "attempts": case((own, _C.attempts), else_=_C.attempts + 1),
                "owner": _bound("new_owner", _C.owner),
                "lease_until": _bound("new_lease", _C.lease_until),
                "changed_at": _bound("now", _C.changed_at),
            },
            where=or_(_C.state.in_(("pending", "retrying")), own, and_(_C.state == "sending", over)),
        )
        .returning(*_SHOWN)
    )


def record_statement(dialect: str) -> Executable:
    """Return the statement that records mails as sent, whoever holds them, and returns those that were not before."""
    sent = _documents(dialect, "sent", (*_KEY, _C.changed_at))
    is_one_of_them = and_(*(one == sent.c[one.name] for one in _KEY))
    values = {"state": "sent", "owner": None, "lease_until": None, "last_error": None, "changed_at": sent.c.changed_at}
    return update(confirmations).where(is_one_of_them, _C.state != "sent").values(values).returning(*_SHOWN)


def wanted_document(wanted: Mapping[Key, str]) -> str:
    """Return what `claim_statement` takes as `wanted`: keys, and the hashes of their recipients."""
    return json.dumps([{**_members(key), "recipient_hash": recipient} for key, recipient in wanted.items()])


def sent_document(sent: Sequence[tuple[Claim, datetime]]) -> str:
    """Return what `record_statement` takes as `sent`: claims, and when each was sent, in the order of claiming."""
    ordered = sorted(sent, key=lambda one: (one[0].key.submission_id, one[0].key.destination_hash))
    return json.dumps([{**_members(claim.key), "changed_at": iso(moment)} for claim, moment in ordered])


def is_bound(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a column has the value of a parameter."""
    return column == _bound(name, column)


def _members(key: Key) -> dict[str, str]:
    return {
        "submission_id": str(key.submission_id),
        "channel": key.channel,
        "destination_hash": key.destination_hash,
    }


def _documents(dialect: str, name: str, columns: Sequence[Column[Any]]) -> FromClause:
    """Return the rows of a parameter that holds a JSON array, with these columns."""
    if dialect == "postgresql":
        typed = [column(one.name, one.type) for one in columns]
        rows = func.json_to_recordset(cast(bindparam(name, type_=Text), JSON)).table_valued(*typed, name=name)
        return rows.render_derived(with_types=True)
    documents = func.json_each(bindparam(name, type_=Text)).table_valued("value")
    members = {one.name: func.json_extract(documents.c.value, f"$.{one.name}") for one in columns}
    members["submission_id"] = func.replace(members["submission_id"], "-", "")  # as SQLAlchemy's Uuid keeps it
    return select(*(member.label(at) for at, member in members.items())).select_from(documents).subquery(name)


def _counted(wanted: FromClause) -> ColumnElement[int]:
    """Return how many confirmations a recipient had in the cap's period."""
    earlier = (_C.recipient_hash == wanted.c.recipient_hash, _C.claimed_at > _bound("since", _C.claimed_at))
    return select(func.count()).select_from(confirmations).where(*earlier).correlate(wanted).scalar_subquery()


def _bound(name: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    return bindparam(name, type_=column.type)
