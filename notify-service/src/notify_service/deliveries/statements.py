"""The statements of the table that take many deliveries at once: see `documents`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, get_args

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable
from sqlalchemy.sql.expression import FromClause

from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.attempts import with_attempts
from notify_service.deliveries.caps import LIMITED, Caps, Limit
from notify_service.deliveries.documents import documents
from notify_service.deliveries.erasures import ERASED_FROM, erased_from, is_erased
from notify_service.deliveries.states import Sent
from notify_service.tables import deliveries
from shared.contracts.delivery_requested import REQUESTED_BY_VISITOR
from shared.database import iso

_C = deliveries.c
_KEY = (_C.submission_id, _C.channel, _C.destination_hash, _C.request)
HELD_FOR = column("held_for", Text)
GIVEN = (_C.id, *_KEY, _C.destination_shown, _C.provider_id, _C.form)
_COUNTED_BY = (_C.recipient_hash, _C.source_hash, column("counted_form", Text))
_SHOWN = (*_KEY, _C.state, _C.attempts, _C.changed_at)

# In the text, and not parameters: what psycopg has once taken apart it keeps, up to 4,096 characters.
PENDING, SENDING, RETRYING, HELD, FAILED, SENT, BOUNCED = (
    literal_column(f"'{state}'", Text)
    for state in ("pending", "sending", "retrying", "held", "failed", "sent", "bounced")
)
VISITOR = literal_column(f"'{REQUESTED_BY_VISITOR}'", Text)
NONE, ONE = literal_column("0", Integer), literal_column("1", Integer)


def claim_statement(dialect: str, caps: Caps) -> Executable:
    """Return one statement, so that two workers cannot both believe it: each row is made, or taken over if it may be.

    A row that is made beyond a cap is held, and counts for nothing: what is counted is a range of an index that holds
    hardly more than the cap. One that was held, or planned and not yet claimed, is taken over, and counted, where there
    is room by now; else it is held, and has failed where it was held since `too_long_ago`. One that is being retried is
    not taken over before its time, unless that is later than `latest`, or the row is due since `too_long_ago`; one that
    something else than a cap holds is not taken over at all, nor is one whose submission is erased. Rows are
    taken in the order of their keys, so that two workers with the same ones wait for each other and never in a circle.
    """
    wanted = documents(dialect, "wanted", (*GIVEN, *_COUNTED_BY, ERASED_FROM))
    rows = select(*wanted.c, _limit(wanted, caps).label("limit")).select_from(wanted).subquery("claimed")
    values = _values_of_new(rows, caps)
    # Without WHERE, SQLite would read ON CONFLICT as a part of a join (sqlite.org/lang_upsert).
    is_there = not_(is_erased(rows.c.submission_id, rows.c[ERASED_FROM.name]))
    chosen = select(*values.values()).where(is_there).order_by(rows.c.submission_id, rows.c.destination_hash)
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(deliveries)
    insert = insert.from_select(list(values), chosen)
    at, now = _C.next_attempt_at, insert.excluded.created_at
    own = and_(_C.state == SENDING, is_bound(_C.owner, "new_owner"))
    over = and_(_C.state == SENDING, _C.lease_until <= now)
    is_due = or_(at.is_(None), at <= now, at > _bound("latest", at))
    due_at = func.coalesce(_C.due_at, _C.created_at, type_=_C.due_at.type)
    is_due = or_(is_due, due_at <= _bound("too_long_ago", _C.due_at))
    is_capped = and_(_C.state == HELD, _C.last_error.startswith(LIMITED, autoescape=True))
    return insert.on_conflict_do_update(
        index_elements=_KEY,
        set_=_values_of_known(insert.excluded, own),
        where=or_(_C.state == PENDING, is_capped, and_(_C.state == RETRYING, is_due), own, over),
    ).returning(*_SHOWN, _C.last_error, _C.due_at)


def _values_of_new(rows: FromClause, caps: Caps) -> dict[str, ColumnElement[Any]]:
    """Return what a row is made of that nobody knew: claimed, or held by a cap."""
    now, limited = _bound("now", _C.changed_at), rows.c.limit.is_not(None)
    is_counted = or_(*(rows.c[one.name].is_not(None) for one in _COUNTED_BY))

    def unless_held(value: ColumnElement[Any], otherwise: ColumnElement[Any] | None = None) -> ColumnElement[Any]:
        return case((limited, null() if otherwise is None else otherwise), else_=value)

    return {
        **{one.name: rows.c[one.name] for one in GIVEN},
        "state": unless_held(SENDING, HELD),
        "attempts": unless_held(ONE, NONE),
        "due_at": unless_held(now),
        "next_attempt_at": _held_until(rows, caps),
        "owner": unless_held(_bound("new_owner", _C.owner)),
        "lease_until": unless_held(_bound("new_lease", _C.lease_until)),
        "last_error": rows.c.limit,
        "created_at": now,
        "changed_at": now,
        "recipient_hash": null() if caps.recipient is None else unless_held(rows.c.recipient_hash),
        "source_hash": null() if caps.source is None else unless_held(rows.c.source_hash),
        "counted_at": case((and_(is_counted, not_(limited)), now)) if caps else null(),
    }


def _values_of_known(new: Any, own: ColumnElement[bool]) -> dict[str, ColumnElement[Any]]:
    """Return what becomes of a row that is there, and may be taken over; `new` is what it would be made of."""
    now = _bound("now", _C.changed_at)
    was_held = _C.state == HELD
    # What is held was never tried, either; what somebody requested is counted by no cap, but where a stranger did.
    is_free = and_(_C.requested_by.is_not(None), _C.requested_by != VISITOR)
    is_first = and_(_C.attempts == NONE, _C.counted_at.is_(None), not_(is_free))
    is_held = and_(is_first, new.state == HELD)
    stays_held = and_(is_held, was_held)
    is_too_long = and_(stays_held, _C.changed_at <= _bound("too_long_ago", _C.changed_at))
    return {
        "id": new.id,  # an earlier version made the row perhaps, and gave it another
        "state": case((is_too_long, FAILED), (is_held, HELD), else_=SENDING),
        "attempts": case((or_(is_held, own), _C.attempts), else_=_C.attempts + ONE),
        "form": func.coalesce(_C.form, new.form),  # as the others, empty where an earlier version wrote the row
        "destination_shown": func.coalesce(func.nullif(new.destination_shown, ""), _C.destination_shown),
        "due_at": case((is_held, null()), (was_held, now), else_=_C.due_at),
        "next_attempt_at": case((is_held, new.next_attempt_at), else_=null()),
        "owner": case((is_held, null()), else_=_bound("new_owner", _C.owner)),
        "lease_until": case((is_held, null()), else_=_bound("new_lease", _C.lease_until)),
        "last_error": case((is_first, new.last_error), else_=_C.last_error),
        "changed_at": case((and_(stays_held, not_(is_too_long)), _C.changed_at), else_=now),
        **{
            one.name: case((is_first, new[one.name]), else_=one)
            for one in (_C.recipient_hash, _C.source_hash, _C.counted_at)
        },
    }


def _limit(wanted: FromClause, caps: Caps) -> ColumnElement[Any]:
    """Return which cap holds each row back, as a reason; null where there is room."""
    own = (wanted.c.submission_id, wanted.c.destination_hash)
    source, form = wanted.c.source_hash, wanted.c.counted_form
    over: list[tuple[ColumnElement[bool], str]] = []
    if caps.share:
        # each recipient stands once in a statement (`wanted.plans`), of sources and forms the same one may many times
        of_both = _counted(wanted, "share_since", _C.recipient_hash, _C.source_hash)
        over.append((and_(source.is_not(None), of_both >= caps.share.most), "share"))
    for by, cap, limit in ((source, caps.source, "source"), (form, caps.form, "form")):
        if cap:
            before = func.row_number().over(partition_by=by, order_by=own) - 1
            counted = _counted(wanted, f"{limit}_since", _C.form if limit == "form" else _C.source_hash)
            over.append((and_(by.is_not(None), counted + before >= cap.most), limit))
    if caps.recipient:
        counted = _counted(wanted, "recipient_since", _C.recipient_hash)
        over.append((counted >= caps.recipient.most, "recipient"))
    return case(*((condition, f"{LIMITED}{limit}") for condition, limit in over)) if over else null()


def _held_until(rows: FromClause, caps: Caps) -> ColumnElement[Any]:
    """Return when the message of a delivery that is held comes again, at the latest."""
    limits = [limit for limit in get_args(Limit) if caps.of(limit)]
    again = [(rows.c.limit == f"{LIMITED}{limit}", _bound(f"{limit}_again", _C.next_attempt_at)) for limit in limits]
    return case(*again) if again else null()


def record_statements(dialect: str) -> Sequence[Executable]:
    """Return what records deliveries as sent, whoever holds them, with their tries. The last statement returns those
    that were not recorded before."""
    sent = documents(dialect, "sent", (*_KEY, _C.changed_at, _C.address_hash))
    is_one_of_them = and_(*(one == sent.c[one.name] for one in _KEY))
    values: dict[str, Any] = {"state": "sent", "owner": None, "lease_until": None, "last_error": None}
    values |= {"next_attempt_at": None, "changed_at": sent.c.changed_at, "sent_at": sent.c.changed_at}
    values |= {"address_hash": sent.c.address_hash}
    is_new = and_(_C.state != SENT, _C.state != BOUNCED)
    recording = update(deliveries).where(is_one_of_them, is_new).values(values).returning(*_SHOWN)
    return with_attempts(dialect, recording)


def wanted_document(wanted: Sequence[Planned]) -> str:
    """Return what `claim_statement` takes as `wanted`: what a row is made of, and what it counts by."""
    return json.dumps(
        [
            {
                "id": str(one.key.id),
                **_members(one.key),
                "destination_shown": one.shown,
                "provider_id": one.provider_id,
                "form": one.form,
                "recipient_hash": one.counted.recipient,
                "source_hash": one.counted.source,
                "counted_form": one.counted.form,
                "held_for": one.held_for,
                "erased_from": None if one.accepted_at is None else iso(erased_from(one.accepted_at)),
            }
            for one in wanted
        ]
    )


def sent_document(sent: Sequence[Sent]) -> str:
    """Return what `record_statements` take as `sent`: what was sent, and when, in the order of claiming."""
    ordered = sorted(sent, key=lambda one: (one.claim.key.submission_id, one.claim.key.destination_hash))
    return json.dumps(
        [{**_members(one.claim.key), "changed_at": iso(one.at), "address_hash": one.address_hash} for one in ordered]
    )


def is_bound(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a column has the value of a parameter."""
    return column == _bound(name, column)


def _members(key: Key) -> dict[str, str]:
    return {
        "submission_id": str(key.submission_id),
        "channel": key.channel,
        "destination_hash": key.destination_hash,
        "request": str(key.request),
    }


def _counted(wanted: FromClause, since: str, *columns: Column[Any]) -> ColumnElement[int]:
    """Return how many deliveries that have the same in these columns were counted in a cap's period."""
    same = (one == wanted.c["counted_form" if one is _C.form else one.name] for one in columns)
    earlier = (*same, _C.counted_at > _bound(since, _C.counted_at))
    return select(func.count()).select_from(deliveries).where(*earlier).correlate(wanted).scalar_subquery()


def _bound(name: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    return bindparam(name, type_=column.type)
