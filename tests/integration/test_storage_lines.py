"""Storage answers a line about each submission, for the mail that tells of several: on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from notify_service.digests.lines import UNKNOWN, Line, StorageLines
from shared.messaging.failures import Delivery, DependencyUnavailable
from shared.messaging.memory import MemoryBroker
from shared.messaging.topology import STORAGE_QUERIES
from storage_service.erasing import Erasing
from storage_service.records.lines import LINES_MOST, LineQueries
from storage_service.store.handler import StoreSubmissions
from storage_service.store.repository import SubmissionRepository
from support.erasures import ERASER
from support.events import an_event
from support.submission_databases import migrated

FIELDS: dict[str, Any] = {
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "message": "The boiler\nis cold.",
    "topic": "A fault",
}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def store(engine: Engine, *, spam: str | None = None) -> UUID:
    event = replace(an_event(**FIELDS), spam=spam)
    handler = StoreSubmissions(
        SubmissionRepository(engine), announce=lambda _: None, clock=lambda: datetime.now(UTC), reach=lambda _: None
    )
    handler([Delivery(event)])
    return event.id


def test_who_and_the_first_words_are_told_of_the_fields_that_are_named(engine: Engine) -> None:
    key, broker = store(engine), MemoryBroker()
    with_storage = StorageLines(broker.rpc_client())
    server = broker.serve(STORAGE_QUERIES, LineQueries(engine).methods())
    unknown = uuid4()
    assert with_storage([key, unknown], None) == {
        key: Line("good", "Ada Lovelace", "The boiler is cold. · A fault"),
        unknown: UNKNOWN,
    }
    assert with_storage([key], ["topic"]) == {key: Line("good", "", "A fault")}
    assert with_storage([key], []) == {key: Line("good", "", "")}
    server.close()
    with pytest.raises(DependencyUnavailable, match="storage"):
        with_storage([key], None)


def test_of_spam_and_of_what_is_erased_nothing_else_is_told(engine: Engine) -> None:
    spam, gone = store(engine, spam="honeypot"), store(engine)
    Erasing(engine).erase([gone], ERASER)
    answer = LineQueries(engine).lines({"ids": [str(spam), str(gone)]})
    told = {one["id"]: (one["state"], one["who"], one["words"]) for one in answer["lines"]}
    assert told == {str(spam): ("spam", "", ""), str(gone): ("gone", "", "")}


def test_so_many_are_answered_at_once_and_more_are_asked_for_in_turn(engine: Engine) -> None:
    ids = [uuid4() for _ in range(LINES_MOST + 1)]
    with pytest.raises(ValueError, match="100 at most"):
        LineQueries(engine).lines({"ids": [str(one) for one in ids]})
    broker = MemoryBroker()
    server = broker.serve(STORAGE_QUERIES, LineQueries(engine).methods())
    assert len(StorageLines(broker.rpc_client())(ids, None)) == LINES_MOST + 1
    server.close()
