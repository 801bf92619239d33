"""For one id good wins: a good event takes back what a verdict said of the same submission, whichever came first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from shared.contracts import SubmissionAccepted, SubmissionReleased
from shared.contracts.spam import is_verdict
from shared.database import Outbox
from shared.messaging.message import message_of
from storage_service.tables import OUTBOX, submission_trail, submissions

BY = "rule: good wins"
"""Who does it, for the trail: no key and no account is called so."""

_S = submissions.c


def clear(connection: Connection, events: Sequence[SubmissionAccepted], *, at: datetime) -> int:
    """Make the rows of these good events no spam where a verdict alone said so, and return how many these were.

    A row keeps what a person said of it, and so does one with other fields. Its score is that of the good event then;
    the version grows, the trail says why, and notify is told by the outbox: what it may have withheld meanwhile is
    delivered.
    """
    good = {one.id: one for one in events}
    held = _held(connection, good)
    if not held:
        return 0
    _write(connection, [(row, good[row.id]) for row in held])
    steps = [
        {"submission_id": row.id, "version": row.version + 1, "at": at, "by": BY, "changes": {"spam": [row.spam, None]}}
        for row in held
    ]
    connection.execute(insert(submission_trail), steps)
    told = [row for row in held if row.imported_at is None]  # of an imported one nothing was ever withheld
    due = [SubmissionReleased(row.version + 1, _as_it_stands(row, good[row.id]), by_hand=False) for row in told]
    released = [message_of(one) for one in due]
    Outbox(OUTBOX).add(connection, released, about=[row.id for row in told])
    return len(held)


def _as_it_stands(row: Any, event: SubmissionAccepted) -> SubmissionAccepted:
    """Return the event as its row is to be delivered: the button may have been pressed before the event came, by a link
    that notify had sent already."""
    waits = _asks(row, event) and row.opted_in_at is None
    return event if event.opt_in == waits else replace(event, opt_in=waits)


def _asks(row: Any, event: SubmissionAccepted) -> bool:
    return bool(row.opt_in or event.opt_in)


def _write(connection: Connection, cleared: Sequence[tuple[Any, SubmissionAccepted]]) -> None:
    """Write that they are no spam, their next versions, and the verdicts that count from now on."""
    names = ("version", "opt_in", "score", "score_model", "score_reasons")
    values = {name: bindparam(f"new_{name}", type_=_S[name].type) for name in names}
    rows = []
    for row, event in cleared:
        verdict = event.verdict
        told = (verdict.score, verdict.model, list(verdict.reasons)) if verdict else (None, None, None)
        new = dict(zip(values, (row.version + 1, _asks(row, event) or None, *told), strict=True))
        rows.append({"key": event.id, **{f"new_{name}": value for name, value in new.items()}})
    connection.execute(update(submissions).where(_S.id == bindparam("key")).values(spam=None, **values), rows)


def _held(connection: Connection, good: Mapping[UUID, SubmissionAccepted]) -> list[Any]:
    """Lock the rows that are to be cleared, and return them, in the order of their ids."""
    found = select(_S.id, _S.version, _S.fingerprint, _S.spam, _S.imported_at, _S.opt_in, _S.opted_in_at)
    found = found.where(_S.id.in_(good), _S.erased_at.is_(None), _S.anonymised_at.is_(None))
    rows = connection.execute(found.order_by(_S.id).with_for_update(key_share=True))
    return [row for row in rows if is_verdict(row.spam) and row.fingerprint == good[row.id].fingerprint]
