"""What the storage service answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from shared.database import iso
from shared.messaging.failures import Delivery
from shared.messaging.memory import MemoryBroker
from shared.messaging.topology import STORAGE_QUERIES
from storage_service.erasing import Erasing
from storage_service.queries import PAGE_BYTES, SubmissionQueries
from storage_service.store.handler import StoreSubmissions
from storage_service.store.repository import SubmissionRepository
from support.erasures import ERASER
from support.events import ACCEPTED_AT, WRITTEN_AT, an_event
from support.submission_databases import migrated

NOW = datetime(2026, 11, 22, 18, 0, 0, 120000, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def queries(engine: Engine) -> SubmissionQueries:
    return SubmissionQueries(engine)


@pytest.fixture
def store(engine: Engine) -> StoreSubmissions:
    announced: list[object] = []
    return StoreSubmissions(
        SubmissionRepository(engine), announce=announced.append, clock=lambda: NOW, reach=lambda _: None
    )


def pages(queries: SubmissionQueries, form: str, limit: int) -> Iterator[list[dict[str, Any]]]:
    cursor: str | None = None
    for _ in range(20):
        answer = queries.page({"form": form, "limit": limit, "cursor": cursor})
        yield answer["submissions"]
        cursor = answer["next_cursor"]
        if cursor is None:
            return
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("limit", [1, 3, 7, 14, 200])
def test_pages_hold_every_submission_of_a_form_once_newest_first(
    queries: SubmissionQueries, store: StoreSubmissions, limit: int
) -> None:
    events = [
        replace(an_event(), accepted_at=ACCEPTED_AT + timedelta(microseconds=number // 3)) for number in range(14)
    ]
    store([Delivery(event) for event in [*events, an_event(form="other")]])
    expected = [str(event.id) for event in sorted(events, key=lambda one: (one.accepted_at, one.id), reverse=True)]
    found = list(pages(queries, "signup", limit))
    assert [one["id"] for page in found for one in page] == expected
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)


def test_a_page_ends_before_a_message_of_it_would_be_too_large(
    queries: SubmissionQueries, store: StoreSubmissions
) -> None:
    large = "\u00e9" * (PAGE_BYTES // 6 // 3)  # six bytes each as an answer is encoded: two fit in a page, three do not
    events = [an_event(text=text) for text in [large] * 5 + ["short"] * 3 + [large * 4] * 2]
    events = [replace(event, accepted_at=ACCEPTED_AT + timedelta(seconds=n)) for n, event in enumerate(events)]
    store([Delivery(event) for event in events])
    found = list(pages(queries, "signup", 200))
    assert [one["id"] for page in found for one in page] == [str(event.id) for event in reversed(events)]
    assert [len(page) for page in found] == [1, 1, 5, 2, 1]
    assert all(len(json.dumps(page)) <= PAGE_BYTES for page in found if len(page) > 1)


def test_a_form_without_submissions_has_one_empty_page(queries: SubmissionQueries) -> None:
    assert queries.page({"form": "signup", "limit": 5, "cursor": None}) == {"submissions": [], "next_cursor": None}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.text() | st.integers() | st.binary().map(repr))
def test_a_cursor_that_is_none_is_said_to_be_wrong(queries: SubmissionQueries, cursor: object) -> None:
    assert queries.page({"form": "signup", "limit": 5, "cursor": cursor}) == {"error": "cursor"}


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00 " + "0" * 32, "2026-11-22T17:03:44Z", "a b", "\u0664 b", ""]
)
def test_a_forged_cursor_is_said_to_be_wrong(queries: SubmissionQueries, text: str) -> None:
    cursor = base64.urlsafe_b64encode(text.encode()).decode()
    assert queries.page({"form": "signup", "limit": 5, "cursor": cursor}) == {"error": "cursor"}


@pytest.mark.parametrize("limit", [0, 201, -1])
def test_a_limit_has_limits(queries: SubmissionQueries, limit: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 200"):
        queries.page({"form": "signup", "limit": limit, "cursor": None})


def test_a_receipt_tells_when_it_was_stored_and_first_accepted(
    queries: SubmissionQueries, store: StoreSubmissions
) -> None:
    event = replace(an_event(), accepted_at=WRITTEN_AT)
    names = ("stored_at", "accepted_at", "fingerprint", "spam", "opt_in", "opted_in_at", "erased_at")
    nothing = dict.fromkeys(names)
    assert queries.receipt({"id": str(event.id)}) == nothing
    store([Delivery(event)])
    store([Delivery(replace(event, accepted_at=WRITTEN_AT + timedelta(minutes=1)))])
    assert queries.receipt({"id": str(event.id)}) == {
        "stored_at": "2026-11-22T18:00:00.120000Z",
        "accepted_at": "2026-11-22T17:03:44.123456Z",
        "fingerprint": event.fingerprint,
        "spam": None,
        "opt_in": None,
        "opted_in_at": None,
        "erased_at": None,
    }
    caught = replace(an_event(), spam="honeypot")
    store([Delivery(caught)])
    assert queries.receipt({"id": str(caught.id)})["spam"] == "honeypot"


def test_a_submission_is_shown_with_what_came_later_under_its_id(
    queries: SubmissionQueries, store: StoreSubmissions
) -> None:
    event = replace(an_event(id=UUID(int=7), name="Ada"), accepted_at=WRITTEN_AT)
    other = replace(an_event(id=event.id, name="Grace"), accepted_at=WRITTEN_AT + timedelta(minutes=1))
    store([Delivery(event), Delivery(other)])
    assert queries.submission({"id": str(event.id)})["submission"] == {
        "id": "00000000-0000-0000-0000-000000000007",
        "form": "signup",
        "accepted_at": "2026-11-22T17:03:44.123456Z",
        "stored_at": "2026-11-22T18:00:00.120000Z",
        "fields": {"name": "Ada"},
        "fingerprint": event.fingerprint,
        "source": {"ip": None, "user_agent": None, "referer": None, "language": None},
        "control": {"subject": None, "reply_to": None, "captcha": None},
        "spam": None,
        "receipt_url": None,
        "sealed": [],
        "score": None,
        "conflicts": [
            {
                "fingerprint": other.fingerprint,
                "fields": {"name": "Grace"},
                "sealed": [],
                "accepted_at": "2026-11-22T17:04:44.123456Z",
                "received_at": "2026-11-22T18:00:00.120000Z",
            }
        ],
    }


def test_a_list_counts_what_came_later_under_each_id(queries: SubmissionQueries, store: StoreSubmissions) -> None:
    event = an_event()
    store([Delivery(event), Delivery(an_event())])
    store([Delivery(an_event(id=event.id, name=name)) for name in ("Grace", "Barbara")])
    [page] = pages(queries, "signup", 5)
    assert {one["id"]: one["conflict_count"] for one in page}[str(event.id)] == 2
    assert sorted(one["conflict_count"] for one in page) == [0, 2]


def test_an_unknown_submission_is_null(queries: SubmissionQueries) -> None:
    assert queries.submission({"id": str(uuid4())}) == {"submission": None}


def test_the_methods_answer_over_a_broker(queries: SubmissionQueries, store: StoreSubmissions) -> None:
    event = an_event()
    store([Delivery(event)])
    broker = MemoryBroker()
    broker.serve(STORAGE_QUERIES, queries.methods())
    asked: dict[str, dict[str, Any]] = {
        "receipt": {"id": str(event.id)},
        "submission": {"id": str(event.id)},
        "list": {"form": "signup", "limit": 1, "cursor": None},
    }
    answers = [broker.rpc_client().ask(STORAGE_QUERIES, *one).answer(timeout_s=5) for one in asked.items()]
    assert answers[0]["fingerprint"] == event.fingerprint
    assert answers[1]["submission"]["id"] == answers[2]["submissions"][0]["id"] == str(event.id)


def test_of_an_erased_submission_a_receipt_is_told_that_alone(
    engine: Engine, queries: SubmissionQueries, store: StoreSubmissions
) -> None:
    event = an_event()
    store([Delivery(event)])
    known = queries.receipt({"id": str(event.id)})
    assert (known["fingerprint"], known["erased_at"]) == (event.fingerprint, None)
    at = event.accepted_at + timedelta(minutes=1)
    Erasing(engine, clock=lambda: at).erase([event.id], ERASER)
    others = ("stored_at", "accepted_at", "fingerprint", "spam", "opt_in", "opted_in_at")
    erased = {**dict.fromkeys(others), "erased_at": iso(at)}
    assert queries.receipt({"id": str(event.id)}) == erased
