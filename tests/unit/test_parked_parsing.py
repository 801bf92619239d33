"""What is read from what comes from a parked queue, whatever that is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.incoming import Incoming
from shared.messaging.topology import NOTIFY_EMAIL, STORAGE
from shared.parked.parsing import ParkedMessage, parse_parked

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
DEATH = {"queue": STORAGE.name, "reason": "delivery_limit", "count": 1, "time": datetime(2026, 11, 22, 17, 0)}  # noqa: DTZ001 - as pika has it


def read(body: bytes = b"{}", type_: Any = "t", message_id: Any = "m", **headers: Any) -> ParkedMessage:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return parse_parked(Incoming(body, type_, message_id, named, 1, 1), [STORAGE, NOTIFY_EMAIL], NOW)


def test_what_a_service_parked_tells_why_when_and_from_where() -> None:
    told: dict[str, Any] = {
        "x_parked_for": "bug",
        "x_reason": "because",
        "x_parked_from": NOTIFY_EMAIL.name,
        "x_parking": "p1",
    }
    found = read(x_parked_at="2026-11-22T17:03:44.123456+00:00", traceparent="00-a-b-01", **told)
    assert (found.reason, found.work_queue, found.parking) == ("because", NOTIFY_EMAIL.name, "p1")
    assert found.kind == "bug"
    assert found.parked_at == datetime(2026, 11, 22, 17, 3, 44, 123456, UTC)
    assert found.trace == {"traceparent": "00-a-b-01"}


def test_what_the_broker_gave_up_tells_it_by_x_death() -> None:
    found = read(x_death=[DEATH])
    assert (found.reason, found.work_queue) == ("the broker gave it up: delivery_limit", STORAGE.name)
    assert found.kind == "limit"
    assert found.parked_at == datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    assert found.parking == read(x_death=[DEATH]).parking != ""
    assert found.trace == {}


def test_what_was_put_there_by_hand_tells_nothing_and_is_taken_all_the_same() -> None:
    found = read(message_id="", type_="")
    assert (found.reason, found.work_queue, found.parking) == ("no reason came with it", STORAGE.name, "")
    assert (found.parked_at, found.message_id, found.kind) == (NOW, "", "other")


def test_an_id_is_that_of_the_message_however_often_it_is_parked() -> None:
    one = read(b"body", x_parking="1", x_reason="a").id
    assert one == read(b"body", x_parking="2", x_reason="b").id
    others = [read(b"bod", message_id="ym"), read(b"body", type_="u"), read(b"body", x_parked_from=NOTIFY_EMAIL.name)]
    assert len({one, *(other.id for other in others)}) == 4
    assert len(one) == 32


@pytest.mark.parametrize("value", ["Ada\x00", b"\xff\x00", "\ud800", "\u00e9" * 300, None, 7, [1], {"a": b"\xff"}])
def test_texts_are_such_as_any_database_takes(value: Any) -> None:
    found = read(type_=value, message_id=value, x_reason=value, x_parking=value)
    for text in (found.type, found.message_id, found.reason, found.parking):
        assert "\x00" not in text
        assert len(text.encode("utf-8")) <= 500
    assert "\x00" not in json.dumps(found.headers, ensure_ascii=False).encode("utf-8").decode()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["x-reason", "x-parked-from", "x-parked-at", "x-parking", "x-death", "traceparent"]) | st.text()


@given(st.binary(), st.dictionaries(NAMES, ANYTHING), st.text() | st.binary(), st.text() | st.binary())
def test_nothing_makes_it_fail(body: bytes, headers: dict[str, Any], type_: Any, message_id: Any) -> None:
    found = parse_parked(Incoming(body, type_, message_id, headers, 1, 1), [STORAGE], NOW)
    assert found.body == body
    assert found.parked_at.tzinfo is UTC
    json.dumps([found.headers, found.trace, found.reason], ensure_ascii=False).encode("utf-8")
