"""What a gateway says of a submission that is erased: on its receipt, and to who posts under its key once more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from gateway.http.moments import text_of
from gateway.receipts.progress import Progress
from shared.contracts import Confirmation, ConfirmationChanged, SubmissionsStored
from support.gateway_app import GOOD, Gateway, Receipts, a_gateway, document_of
from support.receipts import AT, LATER, PAGE, SENT, TICKET, events_of, path_of
from support.shown import words_of

ERASED = {"stored_at": None, "accepted_at": None, "fingerprint": None, "spam": None, "erased_at": LATER}
KEY = {"Idempotency-Key": "k"}
STORED = Progress(TICKET, AT, storage_known=True, confirmations=(Confirmation("email", "pending"),))
GONE = Progress(TICKET, storage_known=True, erased_at=AT + timedelta(minutes=1), confirmations=())


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, clock=lambda: AT)


@pytest.fixture
def told(gateway: Gateway) -> Receipts:
    receipts = Receipts(ERASED)
    receipts.serve(gateway.broker)
    return receipts


def posted(gateway: Gateway, **headers: str) -> TestResponse:
    return gateway.client.post("/f/signup", json=GOOD, headers={**KEY, **headers})


def test_its_receipt_says_so_and_nothing_else(gateway: Gateway, told: Receipts) -> None:
    told.confirmations = [SENT]  # notify has not heard of it yet
    receipt = document_of(gateway.client.get(path_of(TICKET)))
    assert {name: receipt[name] for name in ("state", "stored_at", "confirmations", "final", "unknown")} == {
        "state": "erased",
        "stored_at": None,
        "confirmations": [],
        "final": True,
        "unknown": [],
    }


def test_its_receipt_waits_for_no_confirmation_that_nobody_answers_for() -> None:
    assert replace(GONE, confirmations=None).to_json()["unknown"] == []
    assert replace(GONE, confirmations=None).is_final


def test_its_page_says_so_and_reloads_no_more(gateway: Gateway, told: Receipts) -> None:
    page = gateway.client.get(path_of(TICKET), headers=PAGE).text
    assert 'data-state="erased"' in page
    assert "http-equiv=" not in page.partition("<main")[0]
    assert "data-events" not in page
    words = words_of(page)
    assert any("It was erased" in one for one in words)
    assert not any("It will not be lost" in one for one in words)


def test_a_stream_of_it_tells_that_and_ends(gateway: Gateway, told: Receipts) -> None:
    events = list(events_of(gateway.client.get(f"{path_of(TICKET)}/events")))
    [data] = [event["data"] for event in events if "data" in event]
    assert '"state":"erased"' in data


def test_who_watches_learns_of_it_and_sees_nothing_of_before() -> None:
    known = GONE.or_else(STORED)
    assert (known.state, known.is_final, known.to_json()["stored_at"]) == ("erased", True, None)
    assert known.shown_confirmations == ()
    unheard = Progress(TICKET).or_else(known)
    assert (unheard.state, unheard.to_json()["unknown"]) == ("erased", [])


def test_late_news_of_it_bring_nothing_back() -> None:
    late = GONE.after(SubmissionsStored((TICKET.id,), AT)).after(
        ConfirmationChanged(TICKET.id, Confirmation("email", "sent", 1))
    )
    assert (late.state, late.to_json()["stored_at"], late.to_json()["confirmations"]) == ("erased", None, [])


def test_the_receipt_of_a_later_submission_under_its_key_is_its_own() -> None:
    later = replace(TICKET, accepted_at=AT + timedelta(minutes=2, microseconds=1))
    assert replace(GONE, ticket=later).state == "accepted"
    assert replace(GONE, ticket=replace(later, accepted_at=AT + timedelta(minutes=2))).state == "erased"


@pytest.mark.parametrize(("after_s", "status"), [(-10, 409), (0, 409), (60, 409), (60.000001, 202)])
def test_a_post_under_its_key_is_refused_for_a_minute(tmp_path: Path, after_s: float, status: int) -> None:
    gateway, told = (
        a_gateway(tmp_path, clock=lambda: AT),
        Receipts({**ERASED, "erased_at": text_of(AT - timedelta(seconds=after_s))}),
    )
    told.serve(gateway.broker)
    answer = posted(gateway)
    assert answer.status_code == status
    assert len(gateway.published()) == (status == 202)
    if status == 409:
        [error] = document_of(answer)["errors"]
        assert (error["code"], "erased" in error["message"]) == ("ERASED", True)


def test_it_is_a_problem_to_who_asks_for_one(gateway: Gateway, told: Receipts) -> None:
    told.stored = {**ERASED, "erased_at": text_of(datetime.now(UTC) + timedelta(days=1))}
    answer = posted(gateway, Accept="application/problem+json")
    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    assert document_of(answer)["errors"][0]["code"] == "ERASED"


def test_without_an_answer_of_storage_it_is_taken(gateway: Gateway) -> None:
    assert posted(gateway).status_code == 202
