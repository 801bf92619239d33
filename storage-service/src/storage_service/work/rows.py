"""Changes the rows of submissions, in the caller's transaction: row, labels, trail and what notify is to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from shared.contracts import SubmissionReleased, SubmissionWithheld
from shared.contracts.spam import BY_HAND
from shared.database import Outbox
from shared.messaging.message import Message, message_of
from storage_service.deliveries.resending import accepted
from storage_service.records.conditions import within
from storage_service.records.folding import folded_label
from storage_service.tables import OUTBOX, submission_labels, submissions
from storage_service.work.change import Standing

_S, _L = submissions.c, submission_labels.c

KEPT: tuple[Any, ...] = (
    *(_S.id, _S.form, _S.version, _S.state, _S.starred, _S.labels, _S.assignee, _S.spam, _S.anonymised_at),
)
"""What is read of a row that is not told to notify."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A locked row, how it stood, and how it is to stand."""

    row: Row[Any]
    before: Standing
    after: Standing

    @property
    def version(self) -> int:
        """The version that this makes."""
        made: int = self.row.version + 1
        return made


def locked(columns: Sequence[Any], keys: Sequence[UUID], forms: frozenset[str] | None) -> Select[Any]:
    """Return the query that lends the rows of submissions to one process after the other, in the order of their ids.

    SQLite has one writer at a time anyway. What is in other forms is as if it did not exist.
    """
    return select(*columns).where(_S.id.in_(keys), *within(forms)).order_by(_S.id).with_for_update(key_share=True)


def write(connection: Connection, turned: Sequence[Turned]) -> None:
    """Write what differs. Where one becomes spam, by a person or at all, or no spam, its row is whole."""
    _write_rows(connection, turned)
    _write_labels(connection, turned)
    judged = [one for one in turned if _is_news(one.before.spam, one.after.spam)]
    # nothing of an imported one was ever withheld: who once wrote to another service gets no mail now
    told = [one for one in judged if one.row.imported_at is None]
    Outbox(OUTBOX).add(connection, _verdicts(connection, told), about=[one.row.id for one in told])


def _is_news(before: str | None, after: str | None) -> bool:
    """Say whether notify is to know: of what a verdict holds it knows nothing, and a good retry of what a person called
    spam is not to be delivered."""
    return (before is None) != (after is None) or (after == BY_HAND and before != BY_HAND)


def _verdicts(connection: Connection, told: Sequence[Turned]) -> list[Message]:
    """Return what notify is to know: deliver this one, or send nothing more of it. The highest version counts."""
    released = {one.id: one for one in accepted(connection, [one.row for one in told if one.after.spam is None])}
    return [
        message_of(SubmissionReleased(one.version, replace(released[one.row.id], spam=None)))
        if one.row.id in released
        else message_of(SubmissionWithheld(one.row.id, one.version))
        for one in told
    ]


def _write_rows(connection: Connection, turned: Sequence[Turned]) -> None:
    statement = update(submissions).where(_S.id == bindparam("key"))
    names = ("state", "starred", "labels", "assignee", "spam", "version")
    statement = statement.values({name: bindparam(f"new_{name}", type_=_S[name].type) for name in names})
    rows = [
        {
            "key": one.row.id,
            "new_state": one.after.state,
            "new_starred": one.after.starred,
            "new_labels": list(one.after.labels),
            "new_assignee": one.after.assignee,
            "new_spam": one.after.spam,
            "new_version": one.version,
        }
        for one in turned
    ]
    connection.execute(statement, rows)


def _write_labels(connection: Connection, turned: Sequence[Turned]) -> None:
    added, removed = list[dict[str, Any]](), list[dict[str, Any]]()
    for one in turned:
        had, has = set(map(folded_label, one.before.labels)), set(map(folded_label, one.after.labels))
        added += [{"folded": label, "submission_id": one.row.id} for label in has - had]
        removed += [{"label": label, "key": one.row.id} for label in had - has]
    if removed:
        gone = delete(submission_labels).where(_L.folded == bindparam("label"), _L.submission_id == bindparam("key"))
        connection.execute(gone, removed)
    if added:
        connection.execute(insert(submission_labels), added)
