"""The receipt: its states, long polling, the event stream, and tokens that were tampered with."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from gateway.receipts.progress import Progress
from gateway.receipts.tokens import Ticket, Tokens
from shared.contracts import Confirmation, ConfirmationChanged, SubmissionsStored
from shared.messaging.topology import NOTIFY_QUERIES
from support.gateway_app import SECRET, Gateway, Receipts, a_gateway, document_of
from support.shown import words_of

AT = datetime(2026, 11, 22, 17, 3, 44, 123456, tzinfo=UTC)
LATER = "2026-11-22T17:03:45.000001Z"
PAGE = {"Accept": "text/html"}
TICKET = Ticket(UUID(int=7), "signup", AT, confirmed=True)
SENT: dict[str, Any] = {"channel": "email", "state": "sent", "attempts": 1, "at": LATER}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, clock=lambda: AT)


@pytest.fixture
def told(gateway: Gateway) -> Receipts:
    receipts = Receipts()
    receipts.serve(gateway.broker)
    return receipts


def path_of(ticket: Ticket) -> str:
    return f"/receipts/{Tokens(SECRET).sign(ticket)}"


def events_of(answer: TestResponse) -> Iterator[dict[str, str]]:
    """Return each event of a stream as its lines' names and values; a comment has the name ''."""
    for block in (part for chunk in answer.iter_encoded() for part in chunk.decode().split("\n\n") if part):
        yield dict(line.split(": ", 1) for line in block.splitlines())


@pytest.mark.parametrize(
    ("stored", "due", "confirmations", "state", "final"),
    [
        (False, True, (), "accepted", False),
        (False, True, ("sent",), "accepted", False),
        (False, False, (), "accepted", False),
        (True, False, (), "stored", True),
        (True, True, (), "stored", False),
        (True, True, None, "stored", False),
        (True, True, ("retrying",), "stored", False),
        (True, True, ("sent",), "confirmed", True),
        (True, True, ("failed",), "failed", True),
        (True, True, ("sent", "pending"), "stored", False),
    ],
)
def test_the_states(stored: bool, due: bool, confirmations: tuple[Any, ...] | None, state: str, final: bool) -> None:
    known = None if confirmations is None else tuple(Confirmation(f"c{n}", s) for n, s in enumerate(confirmations))
    progress = Progress(replace(TICKET, confirmed=due), AT if stored else None, storage_known=True, confirmations=known)
    assert (progress.state, progress.is_final) == (state, final)


@pytest.mark.parametrize(
    ("stored", "confirmation", "heading", "says"),
    [
        (True, SENT, "Confirmed", "The mail server has taken the confirmation to your address."),
        (True, {**SENT, "state": "failed"}, "Not confirmed", "The confirmation could not be delivered."),
        (True, {**SENT, "state": "failed", "attempts": 0}, "Not confirmed", "no confirmation has been sent."),
        (False, {**SENT, "state": "failed", "attempts": 0}, "Not confirmed", "no confirmation has been sent."),
        (True, {**SENT, "state": "retrying"}, "Confirmation", "We keep trying."),
        (True, {**SENT, "state": "pending", "attempts": 0}, "Confirmation", "is being sent."),
        (True, {"parked": {"email": LATER}}, "Not confirmed", "no confirmation has been sent."),
    ],
)
def test_a_page_says_of_the_confirmation_what_became_of_it(
    gateway: Gateway, told: Receipts, stored: bool, confirmation: dict[str, Any], heading: str, says: str
) -> None:
    told.stored = {"stored_at": LATER if stored else None, "fingerprint": "f" if stored else None}
    parked = "parked" in confirmation
    answer = {"confirmations": [], **confirmation} if parked else {"confirmations": [confirmation]}
    gateway.broker.serve(NOTIFY_QUERIES, {"receipt": lambda _: answer})
    words = words_of(gateway.client.get(path_of(TICKET), headers=PAGE).text)
    [found] = {"Confirmed", "Confirmation", "Not confirmed"}.intersection(words)
    assert found == heading
    [text] = [text for text in words if says in text]
    assert ("delivered" in " ".join(words)) == ("delivered" in text)
    assert len([text for text in words if text == "Waiting to be written down."]) == (not stored)


def test_the_page_calls_the_id_as_the_mail_does(gateway: Gateway, told: Receipts) -> None:
    words = words_of(gateway.client.get(path_of(TICKET), headers=PAGE).text)
    assert words[words.index(str(TICKET.id)) - 1] == "Reference"


def test_the_receipt_of_a_form_that_is_gone_does_not_show_its_technical_name(gateway: Gateway) -> None:
    words = words_of(gateway.client.get(path_of(replace(TICKET, form="old-name_7")), headers=PAGE).text)
    assert "Your submission" in words
    assert "old-name_7" not in " ".join(words)


def test_a_receipt_as_json(gateway: Gateway, told: Receipts) -> None:
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    told.confirmations = [SENT]
    answer = gateway.client.get(path_of(TICKET))
    assert answer.status_code == 200
    assert document_of(answer) == {
        "id": str(TICKET.id),
        "form": "signup",
        "state": "confirmed",
        "accepted_at": "2026-11-22T17:03:44.123456Z",
        "stored_at": LATER,
        "confirmations": [SENT],
        "final": True,
        "unknown": [],
    }


def test_a_retrys_receipt_shows_when_the_first_request_was_accepted(gateway: Gateway, told: Receipts) -> None:
    first = "2026-11-22T17:03:40.000000Z"
    told.confirmations = [SENT]
    told.stored = {"stored_at": "2026-11-22T17:03:41.000000Z", "accepted_at": first, "fingerprint": "f"}
    assert document_of(gateway.client.get(path_of(TICKET)))["accepted_at"] == first
    assert f'datetime="{first}"' in gateway.client.get(path_of(TICKET), headers=PAGE).text
    [event] = [event for event in events_of(gateway.client.get(f"{path_of(TICKET)}/events")) if "data" in event]
    assert first in event["data"]


@pytest.mark.parametrize("end", ["", "/events"])
def test_a_script_on_any_page_may_follow_a_receipt(gateway: Gateway, told: Receipts, end: str) -> None:
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    told.confirmations = [SENT]
    there = {"Origin": "https://www.example.org"}
    answer = gateway.client.get(path_of(TICKET) + end, headers=there)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    forged = gateway.client.get(f"/receipts/forged{end}", headers=there)
    assert (forged.status_code, forged.headers["Access-Control-Allow-Origin"]) == (404, "*")
    preflight = gateway.client.options(path_of(TICKET) + end, headers=there)
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Prefer" in preflight.headers["Access-Control-Allow-Headers"]


def test_what_nobody_answers_for_is_unknown_and_still_200(gateway: Gateway) -> None:
    answer = gateway.client.get(path_of(TICKET))
    assert answer.status_code == 200
    receipt = document_of(answer)
    assert receipt["state"] == "accepted"
    assert receipt["stored_at"] is None
    assert [one["state"] for one in receipt["confirmations"]] == ["unknown"]
    assert receipt["unknown"] == ["stored_at", "confirmations"]
    assert gateway.client.get(path_of(TICKET), headers=PAGE).status_code == 200


def test_no_confirmation_due(gateway: Gateway, told: Receipts) -> None:
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    receipt = document_of(gateway.client.get(path_of(replace(TICKET, confirmed=False))))
    assert (receipt["state"], receipt["confirmations"], receipt["final"]) == ("stored", [], True)


def test_a_submission_says_whether_a_confirmation_is_due(gateway: Gateway) -> None:
    for form, values, due in (
        ("signup", {"name": "Ada", "email": "ada@example.org"}, True),
        ("contact", {"name": "Ada"}, False),
        ("types", {"email": "ada@example.org"}, False),
        ("open", {"Email": "ada@example.org"}, True),
    ):
        token = gateway.submitted(form, values)["receipt_url"].rpartition("/")[2]
        ticket = Tokens(SECRET).read(token)
        assert ticket is not None
        assert ticket.confirmed is due
        assert ticket.accepted_at == gateway.published()[-1].accepted_at


def test_forged_and_cut_tokens_are_404(gateway: Gateway) -> None:
    good = Tokens(SECRET).sign(TICKET)
    other = Tokens("another secret, longer than thirty-two characters").sign(TICKET)
    tampered = good.replace("signup", "contact")
    assert Tokens(SECRET).read(good) == TICKET
    for token in (other, tampered, good[:-1], good[1:], good[: len(good) // 2], "x", "a.b.c.d.e", good + "A", "%ff"):
        for suffix in ("", "/events"):
            answer = gateway.client.get(f"/receipts/{token}{suffix}")
            assert answer.status_code == 404, token


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [("wait=1", "wait=1"), ("respond-async, wait=1", "wait=1"), ("return=minimal", None), ("wait=x", None)],
)
def test_a_final_receipt_does_not_wait(gateway: Gateway, told: Receipts, prefer: str, applied: str | None) -> None:
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    told.confirmations = [SENT]
    answer = gateway.client.get(path_of(TICKET), headers={"Prefer": prefer})
    assert document_of(answer)["final"]
    assert answer.headers.get("Preference-Applied") == applied


def test_a_wait_is_30_s_at_most(gateway: Gateway, told: Receipts) -> None:
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    told.confirmations = [SENT]
    answer = gateway.client.get(path_of(TICKET), headers={"Prefer": "wait=3600"})
    assert answer.headers["Preference-Applied"] == "wait=30"


def test_a_long_poll_returns_when_the_receipt_is_final(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, heartbeat_s=60, clock=lambda: AT)
    Receipts().serve(gateway.broker)
    answers: list[dict[str, Any]] = []

    def poll() -> None:
        answer = gateway.app.test_client().get(path_of(TICKET), headers={"Prefer": "wait=20"})
        answers.append(document_of(answer))

    waiting = threading.Thread(target=poll)
    waiting.start()
    announcer = gateway.broker.announcer()
    while waiting.is_alive():  # announced until it is heard: when the poll begins to watch is its own affair
        announcer.announce(SubmissionsStored((uuid4(), TICKET.id), AT))
        announcer.announce(ConfirmationChanged(TICKET.id, Confirmation("email", "sent", 1, AT)))
        waiting.join(0.02)
    assert [answer["state"] for answer in answers] == ["confirmed"]


def test_a_wait_that_nothing_ends_answers_with_what_is_known(gateway: Gateway, told: Receipts) -> None:
    answer = gateway.client.get(path_of(TICKET), headers={"Prefer": "wait=1"})
    assert document_of(answer)["state"] == "accepted"


def test_the_stream_tells_every_change_and_ends(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, heartbeat_s=60, clock=lambda: AT)
    Receipts().serve(gateway.broker)
    answer = gateway.client.get(f"{path_of(TICKET)}/events", buffered=False)
    assert answer.mimetype == "text/event-stream"
    events = events_of(answer)
    assert next(events) == {"retry": "3000"}
    first = next(events)
    assert json.loads(first["data"])["state"] == "accepted"
    announcer = gateway.broker.announcer()
    announcer.announce(SubmissionsStored((TICKET.id,), AT))
    second = next(events)
    assert second["id"] != first["id"]
    assert json.loads(second["data"])["state"] == "stored"
    announcer.announce(SubmissionsStored((TICKET.id,), AT))  # says nothing new
    announcer.announce(ConfirmationChanged(TICKET.id, Confirmation("email", "retrying", 1, AT)))
    assert json.loads(next(events)["data"])["confirmations"][0]["state"] == "retrying"
    announcer.announce(ConfirmationChanged(TICKET.id, Confirmation("email", "sent", 2, AT)))
    assert json.loads(next(events)["data"])["state"] == "confirmed"
    assert list(events) == []


def test_a_heartbeat_asks_again_so_that_a_lost_announcement_costs_nothing(gateway: Gateway, told: Receipts) -> None:
    events = events_of(gateway.client.get(f"{path_of(TICKET)}/events", buffered=False))
    next(events), next(events)
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    told.confirmations = [SENT]
    assert next(events) == {"": "still here"}
    assert json.loads(next(events)["data"])["state"] == "confirmed"


def test_who_comes_back_is_told_only_what_has_changed(gateway: Gateway, told: Receipts) -> None:
    address = f"{path_of(TICKET)}/events"
    events = events_of(gateway.client.get(address, buffered=False))
    next(events)
    seen = next(events)["id"]
    back = events_of(gateway.client.get(address, headers={"Last-Event-ID": seen}, buffered=False))
    assert next(back) == {"retry": "3000"}
    assert next(back) == {"": "still here"}
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    told.confirmations = [SENT]
    last = next(back)
    assert json.loads(last["data"])["state"] == "confirmed"
    assert gateway.client.get(address, headers={"Last-Event-ID": last["id"]}).status_code == 204


def test_closing_ends_the_streams(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, heartbeat_s=60, clock=lambda: AT)
    Receipts().serve(gateway.broker)
    events = events_of(gateway.client.get(f"{path_of(TICKET)}/events", buffered=False))
    next(events), next(events)
    gateway.app.close()
    assert list(events) == []
    late = events_of(gateway.client.get(f"{path_of(TICKET)}/events", buffered=False))
    assert len(list(late)) == 2


def test_a_receipt_shows_no_field_values(gateway: Gateway) -> None:
    url = gateway.submitted(values={"name": "Canary Lovelace", "email": "canary@example.org"})["receipt_url"]
    for headers in ({}, PAGE):
        assert "anary" not in gateway.client.get(url, headers=headers).text


@dataclass
class Passing:
    """A clock that goes on by a minute with each look at it."""

    now: datetime = AT

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def test_a_stream_of_what_nobody_begins_to_confirm_ends_after_fifteen_minutes(tmp_path: Path) -> None:
    gateway, told = a_gateway(tmp_path, heartbeat_s=0.01, clock=Passing()), Receipts()
    told.serve(gateway.broker)
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    events = [event for event in events_of(gateway.client.get(f"{path_of(TICKET)}/events")) if "data" in event]
    seen = [json.loads(event["data"]) for event in events]
    assert [(one["state"], one["final"]) for one in seen] == [("stored", False), ("stored", True)]
    assert [one["state"] for one in seen[-1]["confirmations"]] == ["pending"]
    again = gateway.client.get(f"{path_of(TICKET)}/events", headers={"Last-Event-ID": events[-1]["id"]})
    assert again.status_code == 204


def test_a_long_poll_of_it_ends_then_too(tmp_path: Path) -> None:
    gateway, told = a_gateway(tmp_path, heartbeat_s=0.01, clock=Passing()), Receipts()
    told.serve(gateway.broker)
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    receipt = document_of(gateway.client.get(path_of(TICKET), headers={"Prefer": "wait=30"}))
    assert (receipt["state"], receipt["final"]) == ("stored", True)


def test_the_page_of_it_says_that_none_has_been_sent_and_reloads_no_more(tmp_path: Path) -> None:
    gateway, told = a_gateway(tmp_path, clock=lambda: AT + timedelta(minutes=15)), Receipts()
    told.serve(gateway.broker)
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    page = gateway.client.get(path_of(TICKET), headers=PAGE).text
    assert 'data-mail="unsent"' in page
    assert "no confirmation has been sent" in page
    assert 'http-equiv="refresh"' not in page
