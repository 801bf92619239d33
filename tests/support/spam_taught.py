"""Puts models of spam and marks into a database, as if somebody had taught it for weeks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, insert

from shared.spam import Model, digest_of, packed
from storage_service.accounts.asker import Asker
from storage_service.spam.labels import Label, label
from storage_service.spam.models import Made, Models, StoredModel
from storage_service.tables import SPAM, submissions
from support.submission_databases import NOW

MAKER = Asker("rule: spam", frozenset())

CURVE = [
    {"score": score, "loss": loss, "catch": catch}
    for score, loss, catch in ((0, 1, 1), (50, 0.06, 0.99), (70, 0.01, 0.97), (80, 0.0, 0.94), (90, 0.0, 0.8))
]


def a_model(engine: Engine, number: int | None = None, *, why: str | None = None, **worth: Any) -> str:
    """Keep a model, which is the current one unless it was refused (`why`), and return its version."""
    models = Models(engine)
    newest = models.newest()
    number = number or (newest.number + 1 if newest else 1)
    may_hold = worth.pop("may_hold", False)
    data = packed(replace(Model(number), may_hold=may_hold))
    evaluation = {"good": 310, "spam": 150, "lost": 0, "caught": 141, "loss_bound": 0.0097, "catch_bound": 0.897}
    evaluation |= {"curve": [[*one.values()] for one in CURVE], "may_hold": may_hold, "missing": None} | worth
    stored = StoredModel(
        version=f"{number}-{digest_of(data)[:8]}",
        number=number,
        made_at=datetime.now(UTC) - timedelta(hours=1),
        made_by=MAKER.name,
        hash=digest_of(data),
        state="refused" if why else "former",
        why=why,
        good=400,
        spam=200,
        labelled_to=NOW,
        evaluation=evaluation,
        without_authors=(),
    )
    assert models.keep(Made(stored, data), MAKER)
    return stored.version


def marked(engine: Engine, author: str, *, good: int = 0, spam: int = 0) -> None:
    """Store so many submissions that somebody has marked."""
    labels = [Label(uuid4(), "contact", is_spam, "mark") for is_spam in [True] * spam + [False] * good]
    row = {"form": "contact", "accepted_at": NOW, "stored_at": NOW, "fields": {}, "fingerprint": "0" * 64}
    row |= {"source": {}, "control": {}}
    with engine.begin() as connection:
        connection.execute(insert(submissions), [{"id": one.submission, **row} for one in labels])
        label(connection, labels, Asker(author, frozenset()), NOW)


def left_out(engine: Engine) -> set[str]:
    """Return whose marks do not count."""
    with engine.connect() as connection:
        return set(connection.scalars(SPAM.left_out.select().with_only_columns(SPAM.left_out.c.author)))
