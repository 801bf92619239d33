"""Stored submissions that people work on, and what is told of them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Engine, select

from shared.contracts import SubmissionReleased, SubmissionWithheld
from shared.database import reading
from storage_service.accounts.asker import Asker
from storage_service.records import Record, Records
from storage_service.tables import OUTBOX, submission_labels

WORKED_AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

Verdict = SubmissionReleased | SubmissionWithheld


def an_asker(*forms: str, name: str = "ada@example.org") -> Asker:
    """Return who may write, in all forms or in these."""
    return Asker(name, frozenset({"read", "write"}), frozenset(forms) if forms else None)


def record_of(engine: Engine, key: UUID) -> Record:
    """Return a submission as owners see it."""
    found = Records(engine).one(key, None)
    assert found
    return found


def verdicts(engine: Engine) -> list[Verdict]:
    """Return what waits in the outbox for notify, in order."""
    kinds: dict[str, type[Verdict]] = {
        **dict.fromkeys(SubmissionReleased.TYPES, SubmissionReleased),
        SubmissionWithheld.TYPE: SubmissionWithheld,
    }
    with reading(engine).connect() as connection:
        rows = connection.execute(select(OUTBOX.c.type, OUTBOX.c.body).order_by(OUTBOX.c.number)).all()
    return [kinds[row.type].decode(bytes(row.body)) for row in rows]


def labels_looked_up(engine: Engine, key: UUID) -> set[str]:
    """Return the labels by which a submission is found."""
    found = select(submission_labels.c.folded).where(submission_labels.c.submission_id == key)
    with reading(engine).connect() as connection:
        return set(connection.scalars(found))
