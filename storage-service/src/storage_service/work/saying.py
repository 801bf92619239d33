"""Makes labels of what people do: who marks a submission, or closes it, says whether it is spam."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from storage_service.accounts.asker import Asker
from storage_service.spam.labels import Label, label, take_back
from storage_service.work.change import Change
from storage_service.work.rows import Turned


def say(
    connection: Connection,
    rows: Sequence[Row[Any]],
    turned: Sequence[Turned],
    wanted: Mapping[UUID, Change],
    by: Asker,
    at: datetime,
) -> bool:
    """Keep what a change to locked rows says of them, and return whether it says something new.

    `turned` are those of them that changed. Who marks says so whether it changes the submission or not. What is closed
    and is no spam is none; what is opened again has not been dealt with, so that is taken back.
    """
    take_back(connection, [one.row.id for one in turned if _is_reopened(one)], "done")
    return bool(label(connection, [*_marks(rows, wanted), *_closed(turned, wanted)], by, at))


def unsay(connection: Connection, turned: Sequence[Turned]) -> None:
    """Forget what was said by changes that are taken back."""
    take_back(connection, [one.row.id for one in turned if one.before.spam != one.after.spam], "mark")
    take_back(connection, [one.row.id for one in turned if _is_reopened(one)], "done")


def _marks(rows: Sequence[Row[Any]], wanted: Mapping[UUID, Change]) -> Iterator[Label]:
    for row in rows:
        is_spam = wanted[row.id].spam
        if is_spam is not None and row.anonymised_at is None:
            yield Label(row.id, row.form, is_spam, "mark")


def _closed(turned: Sequence[Turned], wanted: Mapping[UUID, Change]) -> Iterator[Label]:
    for one in turned:
        is_closed = one.after.state == "done" != one.before.state
        if is_closed and one.after.spam is None and wanted[one.row.id].spam is None and not one.row.anonymised_at:
            yield Label(one.row.id, one.row.form, is_spam=False, how="done")


def _is_reopened(one: Turned) -> bool:
    return one.before.state == "done" != one.after.state
