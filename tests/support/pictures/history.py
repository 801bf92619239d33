"""Makes submissions as they may have come in the last weeks, the same ones each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import Engine

from shared.contracts import JsonValue, Source, SubmissionAccepted, fingerprint
from storage_service.store.repository import SubmissionRepository

DAYS = 30
_AT_ONCE = 2_000
_NAMES = (
    "Ada Lovelace",
    "Charles Babbage",
    "Mary Somerville",
    "Augustus De Morgan",
    "Michael Faraday",
    "Sophie Germain",
    "Émilie du Châtelet",
    "Évariste Galois",
    "Κωνσταντῖνος Καραθεοδωρή",
    "関孝和",
)
_WISHES = (
    "I should like to know when the next course begins, and whether there is a place left.",
    "The form on your page does not accept my telephone number.",
    "Please send me the price list.",
    "Thank you for the quick answer of last week!",
    "May I bring a friend?",
    "There is an error in section three: the second table is empty.",
)
_TOPICS = ("A question", "A fault", "Something else")


def history(count: int, until: datetime) -> Iterator[SubmissionAccepted]:
    """Yield submissions to the example's two forms, the oldest first, spread over `DAYS` days."""
    chance = random.Random(count)  # noqa: S311 - no secret
    for number in range(count):
        moment = until - timedelta(days=DAYS) * (1 - number / count)
        name = chance.choice(_NAMES)
        fields: dict[str, JsonValue] = {
            "name": name,
            "email": f"{'ada' if number % 3 else 'charles'}{number}@example.org",
        }
        form = "signup" if number % 4 == 0 else "contact"
        if form == "contact":
            fields |= {"topic": chance.choice(_TOPICS), "message": chance.choice(_WISHES)}
        yield SubmissionAccepted(
            id=UUID(int=chance.getrandbits(128), version=4),
            form=form,
            accepted_at=moment,
            fields=fields,
            fingerprint=fingerprint(fields),
            source=Source(ip="192.0.2.7"),
        )


def keep(engine: Engine, count: int, until: datetime) -> None:
    """Store so many in a migrated database."""
    repository, left = SubmissionRepository(engine), history(count, until)
    while batch := list(islice(left, _AT_ONCE)):
        with repository.transaction() as rows:
            rows.insert(batch, stored_at=batch[-1].accepted_at + timedelta(seconds=1))  # none of them has just come
