"""Answers queries over the broker: about a receipt, a page of submissions, or one submission."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, Select, func, select, tuple_

from shared.database import classified, iso, reading
from shared.links.opt_in import LINK_GOOD_FOR
from shared.messaging.broker import Answer, Params, QueryMethod
from storage_service.tables import IS_THERE, conflicts, delivery_requests, submissions, told_of_the_event

MAX_LIMIT = 200

PAGE_BYTES = 4 * 1024 * 1024
"""A page ends early at this size. RabbitMQ takes no message above 16 MiB (its setting `max_message_size`), and a page
of one submission alone may be several times as long as this."""

CONFLICTS_MOST = 100
CONFLICT_BYTES = 512 * 1024
"""How much is told of what came later under an id: while nothing is stored, strangers may send as much as they like."""

_ROWS_AT_ONCE = 20
_COLUMNS = told_of_the_event(submissions)
_NAMES = tuple(one.name for one in _COLUMNS)

_CONFLICT_COUNT = (
    select(func.count()).where(conflicts.c.id == submissions.c.id).scalar_subquery().label("conflict_count")
)


_ASKED = ("stored_at", "accepted_at", "fingerprint", "spam", "erased_at", "opt_in", "opted_in_at")
_RECEIPT = tuple(submissions.c[name] for name in _ASKED)

OptInStanding: TypeAlias = Literal["waiting", "confirmed", "expired"]

_R = delivery_requests.c


class SubmissionQueries:
    """Answers from the database, each from a transaction that only reads."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = reading(engine)
        self._clock = clock

    def methods(self) -> Mapping[str, QueryMethod]:
        """Return the methods by name."""
        return {"receipt": self.receipt, "list": self.page, "submission": self.submission}

    def receipt(self, params: Params) -> Answer:
        """Answer when a submission was accepted and stored, its fingerprint, why it is spam, and how far its opt-in has
        come since when; all null if unknown.

        Of one that is erased all that is answered is `erased_at`.
        """
        key = UUID(params["id"])
        with classified(), self._engine.connect() as connection:
            row = connection.execute(select(*_RECEIPT).where(submissions.c.id == key)).one_or_none()
            known = row if row is not None and row.erased_at is None else None
            opt_in = _opt_in_of(connection, key, known, self._clock()) if known else None
        return {
            "stored_at": iso(known.stored_at) if known else None,
            "accepted_at": iso(known.accepted_at) if known else None,
            "fingerprint": known.fingerprint if known else None,
            "spam": known.spam if known else None,
            "opt_in": opt_in,
            "opted_in_at": iso(known.opted_in_at) if known and known.opted_in_at else None,
            "erased_at": iso(row.erased_at) if row is not None and row.erased_at else None,
        }

    def submission(self, params: Params) -> Answer:
        """Answer one submission with the conflicts under its id, or null."""
        key = UUID(params["id"])
        row = self._one(key)
        return {"submission": {**_shown(row), "conflicts": self.conflicts(key)} if row else None}

    def page(self, params: Params) -> Answer:
        """Answer one page of a form's submissions, newest first, and the next cursor: only spam, or all but spam.

        A page may hold fewer than `limit`, so as not to exceed `PAGE_BYTES`, but never none while there are some.
        """
        limit = int(params["limit"])
        if not 1 <= limit <= MAX_LIMIT:
            raise ValueError(f"limit: expected 1 to {MAX_LIMIT}")
        try:
            found = self.select_page(params).limit(limit + 1)
        except ValueError:
            return {"error": "cursor"}
        with classified(), self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(found)
            return _page(rows, limit)

    @staticmethod
    def select_page(params: Params) -> Select[Any]:
        """Return the query of a page from the cursor on: a form's spam, or all its other submissions."""
        kind = submissions.c.spam.is_not(None) if params.get("spam") else submissions.c.spam.is_(None)
        found = select(*_COLUMNS, _CONFLICT_COUNT, submissions.c.file_count).where(
            submissions.c.form == params["form"], kind, IS_THERE
        )
        if params.get("cursor") is not None:
            position = tuple_(submissions.c.accepted_at, submissions.c.id)
            found = found.where(position < _position_of(params["cursor"]))
        return found.order_by(submissions.c.accepted_at.desc(), submissions.c.id.desc())

    def _one(self, key: UUID) -> Row[Any] | None:
        with classified(), self._engine.connect() as connection:
            return connection.execute(select(*_COLUMNS).where(submissions.c.id == key, IS_THERE)).one_or_none()

    def conflicts(self, key: UUID) -> list[dict[str, Any]]:
        """Return what came later under an id, with other fields, as JSON has it: the first of it, and one at least."""
        found = select(conflicts).where(conflicts.c.id == key)
        found = found.order_by(conflicts.c.received_at, conflicts.c.fingerprint).limit(CONFLICTS_MOST)
        with classified(), self._engine.connect() as connection:
            return _enough(connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(found))

    def sealed_conflicts(self, key: UUID) -> dict[str, dict[str, str]]:
        """Return what is sealed of the first conflicts under an id, by their fingerprints."""
        found = select(conflicts.c.fingerprint, conflicts.c.sealed).where(conflicts.c.id == key)
        found = found.order_by(conflicts.c.received_at, conflicts.c.fingerprint).limit(CONFLICTS_MOST)
        with classified(), self._engine.connect() as connection:
            return {row.fingerprint: row.sealed for row in connection.execute(found) if row.sealed}


def _opt_in_of(connection: Connection, key: UUID, row: Row[Any], now: datetime) -> OptInStanding | None:
    """Return how far its opt-in has come; None where nobody was asked. A link that has expired is followed by another
    one where its mail is asked for again."""
    if row.opted_in_at is not None:
        return "confirmed"
    if not row.opt_in:
        return None
    asked = select(func.max(_R.requested_at)).where(_R.submission_id == key, _R.channel == "confirmation")
    last = connection.scalar(asked)
    return "waiting" if now < max(row.accepted_at, last or row.accepted_at) + LINK_GOOD_FOR else "expired"


def _enough(rows: Iterable[Row[Any]]) -> list[dict[str, Any]]:
    """Return as many conflicts as are told, reading no more of them than that takes."""
    told: list[dict[str, Any]] = []
    size_bytes = 0
    for row in rows:
        size_bytes += len(json.dumps(row.fields))
        if told and size_bytes > CONFLICT_BYTES:
            break
        moments = {"accepted_at": iso(row.accepted_at), "received_at": iso(row.received_at)}
        sealed = [*(row.sealed or ())]
        told.append({"fingerprint": row.fingerprint, "fields": row.fields, "sealed": sealed, **moments})
    return told


def _page(rows: Iterable[Row[Any]], limit: int) -> Answer:
    """Return as many rows as make a page, reading no more of them than that takes."""
    shown: list[dict[str, Any]] = []
    size_bytes = 0
    cursor = None
    for row in rows:
        one = {**_shown(row), "conflict_count": row.conflict_count, "file_count": row.file_count}
        size_bytes += len(json.dumps(one))
        if shown and (len(shown) == limit or size_bytes > PAGE_BYTES):
            return {"submissions": shown, "next_cursor": cursor}
        shown.append(one)
        cursor = _cursor_of(row)
    return {"submissions": shown, "next_cursor": None}


def _shown(row: Row[Any]) -> dict[str, Any]:
    """Return what came of a submission, by its columns' names; they are the first of the row. Of what is sealed the
    names are told."""
    return {name: as_json(value) for name, value in zip(_NAMES, row, strict=False)} | {"sealed": [*(row.sealed or ())]}


def as_json(value: Any) -> Any:
    """Return a column's value as JSON has it."""
    if isinstance(value, datetime):
        return iso(value)
    return str(value) if isinstance(value, UUID) else value


def _cursor_of(row: Row[Any]) -> str:
    """Return a submission's position in the order, as text that may stand in an address."""
    return base64.urlsafe_b64encode(f"{iso(row.accepted_at)} {row.id}".encode()).decode().rstrip("=")


def _position_of(cursor: object) -> tuple[datetime, UUID]:
    """Read what `_cursor_of` wrote; raises ValueError for anything else."""
    if not isinstance(cursor, str):
        raise ValueError("a cursor is text")  # noqa: TRY004 - as for any other wrong cursor
    padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
    moment, key = base64.urlsafe_b64decode(padded).decode("ascii").split(" ")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), UUID(key)
    except OverflowError as error:
        raise ValueError("no moment") from error
