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
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable
from sqlalchemy.sql.expression import FromClause

from notify_service.channels.counting import Counted
from notify_service.deliveries.caps import LIMITED, Caps
from notify_service.deliveries.states import Claim, Key
from notify_service.tables import confirmations
from shared.database import iso

_C = confirmations.c
_KEY = (_C.submission_id, _C.channel, _C.destination_hash)
_COUNTED_BY = (_C.recipient_hash, _C.source_hash, _C.form)
_SHOWN = (*_KEY, _C.state, _C.attempts, _C.changed_at)


def claim_statement(dialect: str, caps: Caps) -> Executable:
    """Return one statement, so that two workers cannot both believe it: each row is made, or taken over if it may be.

    A row that is made beyond a cap is held, and counts for nothing: what is counted is a range of an index that holds
    hardly more than the cap. One that was held before is taken over, and counted, where there is room by now; it has
    failed where there is none and it was held since `held_too_long`. Rows are taken in the order of their keys, so that
    two workers with the same ones wait for each other and never in a circle.
    """
    wanted = _documents(dialect, "wanted", (*_KEY, *_COUNTED_BY))
    rows = select(*wanted.c, _limit(wanted, caps).label("limit")).select_from(wanted).subquery("claimed")
    own = and_(_C.state == "sending", is_bound(_C.owner, "new_owner"))
    over = _C.lease_until <= _bound("now", _C.changed_at)

    def unless_held(value: ColumnElement[Any], otherwise: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
        return case((rows.c.limit.is_not(None), null() if otherwise is None else otherwise), else_=value)

    values: dict[str, ColumnElement[Any]] = {
        "submission_id": rows.c.submission_id,
        "channel": rows.c.channel,
        "destination_hash": rows.c.destination_hash,
        "state": unless_held(literal("sending"), literal("held")),
        "attempts": unless_held(literal(1), literal(0)),
        "owner": unless_held(_bound("new_owner", _C.owner)),
        "lease_until": unless_held(_bound("new_lease", _C.lease_until)),
        "last_error": rows.c.limit,
        "changed_at": _bound("now", _C.changed_at),
        "recipient_hash": null() if caps.recipient is None else unless_held(rows.c.recipient_hash),
        "source_hash": null() if caps.source is None else unless_held(rows.c.source_hash),
        "form": null() if caps.form is None else unless_held(rows.c.form),
        "claimed_at": _bound("now", _C.changed_at),
    }
    # Without WHERE, SQLite reads ON CONFLICT as a part of a join (sqlite.org/lang_upsert).
    chosen = select(*values.values()).where(true()).order_by(rows.c.submission_id, rows.c.destination_hash)
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(confirmations)
    insert = insert.from_select(list(values), chosen)
    was_held = _C.state == "held"
    is_held = and_(was_held, insert.excluded.state == "held")
    is_too_long = _C.changed_at <= _bound("held_too_long", _C.changed_at)
    return insert.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            "state": case((and_(is_held, is_too_long), "failed"), (is_held, "held"), else_="sending"),
            "attempts": case((or_(is_held, own), _C.attempts), else_=_C.attempts + 1),
            "owner": case((is_held, null()), else_=_bound("new_owner", _C.owner)),
            "lease_until": case((is_held, null()), else_=_bound("new_lease", _C.lease_until)),
            "last_error": case((was_held, insert.excluded.last_error), else_=_C.last_error),
            "changed_at": case((and_(is_held, not_(is_too_long)), _C.changed_at), else_=_bound("now", _C.changed_at)),
            **{
                one.name: case((was_held, insert.excluded[one.name]), else_=one)
                for one in (*_COUNTED_BY, _C.claimed_at)
            },
        },
        where=or_(_C.state.in_(("pending", "retrying", "held")), own, and_(_C.state == "sending", over)),
    ).returning(*_SHOWN, _C.last_error)


def _limit(wanted: FromClause, caps: Caps) -> ColumnElement[Any]:
    """Return which cap holds each row back, as a reason; null where there is room."""
    own = (wanted.c.submission_id, wanted.c.destination_hash)
    source, form = wanted.c.source_hash, wanted.c.form
    over: list[tuple[ColumnElement[bool], str]] = []
    if caps.share:
        # each recipient stands once in a statement (`wanted.plans`), of sources and forms the same one may many times
        of_both = _counted(wanted, "share_since", _C.recipient_hash, _C.source_hash)
        over.append((and_(source.is_not(None), of_both >= caps.share.most), "share"))
    for by, cap, limit in ((source, caps.source, "source"), (form, caps.form, "form")):
        if cap:
            before = func.row_number().over(partition_by=by, order_by=own) - 1
            counted = _counted(wanted, f"{limit}_since", _C[by.name])
            over.append((and_(by.is_not(None), counted + before >= cap.most), limit))
    if caps.recipient:
        counted = _counted(wanted, "recipient_since", _C.recipient_hash)
        over.append((counted >= caps.recipient.most, "recipient"))
    return case(*((condition, f"{LIMITED}{limit}") for condition, limit in over)) if over else null()


def record_statement(dialect: str) -> Executable:
    """Return the statement that records mails as sent, whoever holds them, and returns those that were not before."""
    sent = _documents(dialect, "sent", (*_KEY, _C.changed_at))
    is_one_of_them = and_(*(one == sent.c[one.name] for one in _KEY))
    values = {"state": "sent", "owner": None, "lease_until": None, "last_error": None, "changed_at": sent.c.changed_at}
    return update(confirmations).where(is_one_of_them, _C.state != "sent").values(values).returning(*_SHOWN)


def wanted_document(wanted: Mapping[Key, Counted]) -> str:
    """Return what `claim_statement` takes as `wanted`: keys, and what each counts by."""
    return json.dumps(
        [
            {**_members(key), "recipient_hash": by.recipient, "source_hash": by.source, "form": by.form}
            for key, by in wanted.items()
        ]
    )


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


def _counted(wanted: FromClause, since: str, *columns: Column[Any]) -> ColumnElement[int]:
    """Return how many confirmations that have the same in these columns were counted in a cap's period."""
    same = (one == wanted.c[one.name] for one in columns)
    earlier = (*same, _C.claimed_at > _bound(since, _C.claimed_at))
    return select(func.count()).select_from(confirmations).where(*earlier).correlate(wanted).scalar_subquery()


def _bound(name: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    return bindparam(name, type_=column.type)
