"""Makes models of spam, and labels, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from shared.contracts import Source, SubmissionAccepted
from shared.spam import Model, digest_of, packed
from storage_service.spam.labels import How, Label, label
from storage_service.spam.models import Made, State, StoredModel
from support.events import an_event
from support.submission_databases import store
from support.working import an_asker

MADE_AT = datetime(2026, 11, 30, 9, tzinfo=UTC)

EVALUATION: dict[str, Any] = {"good": 300, "spam": 90, "lost": 0, "caught": 80, "may_hold": True, "missing": None}


def made(number: int = 1, state: State = "former", why: str | None = None, *, bias: float = 0.0, **other: Any) -> Made:
    """Return a model as a training makes it."""
    data = packed(replace(Model(number), bias=bias, may_hold=True))
    said: dict[str, Any] = {
        "version": f"{number}-{digest_of(data)[:8]}",
        "made_at": MADE_AT,
        "made_by": "rule: spam",
        "good": 150,
        "spam": 50,
        "labelled_to": MADE_AT,
        "evaluation": EVALUATION,
        "without_authors": (),
    }
    return Made(StoredModel(number=number, hash=digest_of(data), state=state, why=why, **(said | other)), data)


def labelled(
    engine: Engine,
    texts: Sequence[str],
    *,
    is_spam: bool,
    author: str = "ada@example.org",
    how: How = "mark",
    at: datetime = MADE_AT,
    ip: str | None = None,
) -> list[UUID]:
    """Store submissions of these texts, and label them."""
    events: list[SubmissionAccepted] = [
        replace(an_event(name=f"N. {number}", message=text), source=Source(ip=ip)) for number, text in enumerate(texts)
    ]
    for start in range(0, len(events), 200):
        store(engine, *events[start : start + 200])
    with engine.begin() as connection:
        for start in range(0, len(events), 200):
            said = [Label(one.id, one.form, is_spam, how) for one in events[start : start + 200]]
            label(connection, said, an_asker(name=author), at)
    return [one.id for one in events]
