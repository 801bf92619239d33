"""Following a receipt: by waiting for the answer (`Prefer: wait`), and by its event stream."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from shared.contracts import Confirmation, ConfirmationChanged, SubmissionsStored
from support.gateway_app import Gateway, Receipts, a_gateway, document_of
from support.receipts import AT, LATER, SENT, TICKET, events_of, path_of


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, clock=lambda: AT)


@pytest.fixture
def told(gateway: Gateway) -> Receipts:
    receipts = Receipts()
    receipts.serve(gateway.broker)
    return receipts


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
