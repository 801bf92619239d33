"""What owners ask for, and what storage is told of deliveries: each is written and read strictly, within limits."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.contracts import (
    NO_REQUEST,
    SETTLED_MOST,
    DeliveryDue,
    DeliveryRequested,
    DeliverySettled,
    DeliveryState,
    InvalidEvent,
    SubmissionErased,
    SubmissionOptedIn,
    SubmissionReleased,
    SubmissionWithheld,
    decode,
    encode,
)
from shared.contracts.delivery import _decoded_quickly, _decoded_strictly
from shared.contracts.event import Event, type_of
from shared.messaging.routes import ROUTES
from shared.messaging.topology import NOTIFY_ERASURES, NOTIFY_REQUESTS, STORAGE_DELIVERIES, STORAGE_OPT_INS
from support.events import WRITTEN_AT, an_event

EVENT = replace(an_event(), accepted_at=WRITTEN_AT)
OPTED_IN = SubmissionOptedIn(
    EVENT.id, "signup", WRITTEN_AT, WRITTEN_AT, "192.0.2.7", "curl/8", "5a1f0c3c39a643b6", WRITTEN_AT + timedelta(7)
)


def a_state(**others: Any) -> DeliveryState:
    return replace(
        DeliveryState(EVENT.id, uuid4(), "owner", "o…@example.org", "failed", 1, WRITTEN_AT, "signup"), **others
    )


def a_request(**others: Any) -> DeliveryRequested:
    return replace(DeliveryRequested(uuid4(), "owner", EVENT, "command: ada", WRITTEN_AT), **others)


@pytest.mark.parametrize(
    "event",
    [
        DeliverySettled(uuid4(), (a_state(), a_state(state="sent", request=uuid4(), form=None, reason="rcpt 550"))),
        a_request(),
        a_request(delivery_id=uuid4(), requested_by="Zoë “Z”"),
        SubmissionReleased(2, EVENT),
        SubmissionReleased(1, replace(EVENT, spam="honeypot")),
        SubmissionReleased(3, EVENT, by_hand=False),
        SubmissionReleased(2, replace(EVENT, opt_in=True)),
        SubmissionErased(EVENT.id, WRITTEN_AT),
        OPTED_IN,
        replace(OPTED_IN, ip=None, user_agent=None),
        SubmissionWithheld(EVENT.id, 2**40),
        DeliveryDue(uuid4(), "owner", EVENT, "x", uuid4()),
    ],
    ids=lambda event: event.TYPE,
)
def test_it_is_read_as_it_was_written(event: Event) -> None:
    assert decode(encode(event), type=type_of(event), types=(type(event),)) == event


def test_a_release_of_one_that_waits_has_a_type_of_its_own() -> None:
    waits = SubmissionReleased(2, replace(EVENT, opt_in=True))
    assert (type_of(waits), type_of(SubmissionReleased(2, EVENT))) == SubmissionReleased.TYPES[::-1]
    assert ROUTES[type_of(waits)] == ROUTES[SubmissionReleased.TYPE]


def test_what_a_browser_says_of_itself_is_cut_where_a_button_is_pressed() -> None:
    told = SubmissionOptedIn.decode(replace(OPTED_IN, ip="1" * 70, user_agent="ü" * 600).encode())
    assert (told.ip, told.user_agent) == ("1" * 64, "ü" * 500)


def test_each_goes_to_a_queue_of_its_own_kind() -> None:
    for event in (DeliveryRequested, SubmissionReleased, SubmissionWithheld):
        assert ROUTES[event.TYPE].queues == (NOTIFY_REQUESTS.name,)
    assert ROUTES[SubmissionOptedIn.TYPE].queues == (STORAGE_OPT_INS.name,)
    assert ROUTES[SubmissionErased.TYPE].queues == (NOTIFY_ERASURES.name,)
    assert ROUTES[DeliverySettled.TYPE].queues == (STORAGE_DELIVERIES.name,)


@pytest.mark.parametrize(
    ("event", "change", "place"),
    [
        (a_request(), {"request": str(NO_REQUEST)}, "request: all zeros"),
        (a_request(), {"request": 1}, "request: expected str"),
        (a_request(), {"channel": "x" * 65}, "channel: 65 characters, 64 at most"),
        (a_request(), {"requested_by": "x" * 201}, "requested_by: 201 characters, 200 at most"),
        (a_request(), {"requested_at": "2026-11-22T17:03:44"}, "requested_at: names no time zone"),
        (a_request(), {"delivery": "x"}, "delivery: no UUID"),
        (a_request(), {"submission": None}, "submission: expected dict"),
        (SubmissionErased(EVENT.id, WRITTEN_AT), {"id": 7}, "id: expected str"),
        (SubmissionErased(EVENT.id, WRITTEN_AT), {"erased_at": None}, "erased_at: expected str"),
        (SubmissionErased(EVENT.id, WRITTEN_AT), {"erased_at": "2026-11-22T17:03:44"}, "erased_at: names no time zone"),
        (OPTED_IN, {"id": "x"}, "id: no UUID"),
        (OPTED_IN, {"form": "x" * 65}, "form: 65 characters"),
        (OPTED_IN, {"accepted_at": None}, "accepted_at: expected str"),
        (OPTED_IN, {"at": "2026-11-22T17:03:44"}, "at: names no time zone"),
        (OPTED_IN, {"ip": 7}, "ip: expected str"),
        (OPTED_IN, {"ip": "1" * 65}, "ip: 65 characters"),
        (OPTED_IN, {"user_agent": "x" * 501}, "user_agent: 501 characters"),
        (OPTED_IN, {"recipient": None}, "recipient: expected str"),
        (OPTED_IN, {"link_expires_at": "soon"}, "link_expires_at: no date and time"),
        (SubmissionReleased(1, EVENT), {"version": 0}, "version: expected a number from 1"),
        (SubmissionReleased(1, EVENT), {"version": True}, "version: expected a number"),
        (SubmissionWithheld(EVENT.id, 1), {"version": 2**63 - 1}, "version: expected a number"),
        (SubmissionWithheld(EVENT.id, 1), {"version": "1"}, "version: expected int"),
        (SubmissionWithheld(EVENT.id, 1), {"id": "x"}, "id: no UUID"),
        (DeliverySettled(uuid4(), (a_state(),)), {"deliveries": []}, "deliveries: 0, expected 1 to"),
        (DeliverySettled(uuid4(), (a_state(),)), {"deliveries": [1]}, r"deliveries\[0\]: expected dict"),
        (DeliverySettled(uuid4(), (a_state(),)), {"id": None}, "id: expected str"),
        (DeliveryDue(uuid4(), "owner", EVENT, "x", uuid4()), {"request": "x"}, "request: no UUID"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(event: Event, change: dict[str, object], place: str) -> None:
    document = json.loads(encode(event)) | change
    with pytest.raises(InvalidEvent, match=f"^{place}"):
        type(event).decode(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"submission": "x"}, "submission: no UUID"),
        ({"delivery": None}, "delivery: expected str"),
        ({"channel": "Not A Name"}, "channel: no name"),
        ({"state": ""}, "state: no name"),
        ({"destination": "x" * 501}, "destination: 501 characters"),
        ({"attempts": -1}, "attempts: expected a number from 0"),
        ({"attempts": 1.5}, "attempts: expected int"),
        ({"changed_at": "soon"}, "changed_at: no date and time"),
        ({"form": "x" * 65}, "form: 65 characters"),
        ({"reason": "x" * 501}, "reason: 501 characters"),
        ({"words": ["x"]}, "words: expected str"),
    ],
)
def test_a_wrong_state_is_named_by_its_number_too(change: dict[str, object], place: str) -> None:
    settled = DeliverySettled(uuid4(), (a_state(), a_state()))
    document = json.loads(encode(settled))
    document["deliveries"][1] |= change
    with pytest.raises(InvalidEvent, match=rf"^deliveries\[1\]\.{place}"):
        DeliverySettled.decode(json.dumps(document).encode())


def test_more_deliveries_than_the_limit_are_refused() -> None:
    full = DeliverySettled(uuid4(), tuple(a_state() for _ in range(SETTLED_MOST)))
    assert DeliverySettled.decode(full.encode()) == full
    with pytest.raises(InvalidEvent, match=f"^deliveries: {SETTLED_MOST + 1}"):
        DeliverySettled.decode(replace(full, deliveries=(*full.deliveries, a_state())).encode())


def test_moments_are_told_in_utc() -> None:
    shifted = a_request(requested_at=WRITTEN_AT.astimezone(tz=None) + timedelta(0))
    assert json.loads(shifted.encode())["requested_at"] == "2026-11-22T17:03:44.123456Z"


def test_a_requested_delivery_is_read_quickly_and_an_older_one_as_before() -> None:
    requested, plain = (DeliveryDue(uuid4(), "owner", EVENT, "x", request) for request in (uuid4(), NO_REQUEST))
    for due in (requested, plain):
        assert _decoded_quickly(due.encode()) == due == _decoded_strictly(due.encode())
    assert b"request" not in plain.encode(), "an earlier version reads it"


@pytest.mark.parametrize(("after", "is_covered"), [(-3600, True), (0, True), (60, True), (60.000001, False)])
def test_an_erasure_covers_what_was_accepted_up_to_a_minute_after_it(after: float, is_covered: bool) -> None:
    erased = SubmissionErased(EVENT.id, WRITTEN_AT)
    assert erased.covers(WRITTEN_AT + timedelta(seconds=after)) is is_covered
