"""Parked messages in a database: kept once, listed, replayed as they came, discarded, and all of it noted."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from shared.messaging.broker import NotConfirmed
from shared.messaging.topology import STORAGE, STORAGE_QUERIES
from shared.parked.queries import methods
from shared.parked.serialization import CONTENT_BYTES_MOST
from shared.telemetry.parked import measure_parked
from support.parked_world import ParkedWorld, parked_world


@pytest.fixture
def world(database_url: str) -> Iterator[ParkedWorld]:
    with parked_world(database_url) as made:
        yield made


def test_the_same_parking_again_changes_nothing(world: ParkedWorld) -> None:
    parked_id = world.park(b"\xff\x00", parking="1")
    before = world.messages.entry(parked_id)
    assert before is not None
    assert world.park(b"\xff\x00", parking="1") == parked_id
    after = world.messages.entry(parked_id)
    assert after == before | {"age_s": after["age_s"] if after else None}
    assert world.actions(parked_id) == [("parked", None)]


@pytest.mark.parametrize("parking", ["2", ""])
@pytest.mark.parametrize("done", ["replayed", "discarded"])
def test_what_is_parked_anew_waits_again(world: ParkedWorld, done: str, parking: str) -> None:
    parked_id = world.park(parking="1" if parking else "")
    if done == "replayed":
        world.messages.replay([parked_id], "ada")
    else:
        world.messages.discard(parked_id, "no use", "ada")
    assert world.ids() == []
    world.park(parking=parking, x_reason="another reason")
    [entry] = world.messages.page()["parked"]
    assert (entry["id"], entry["parkings"], entry["reason"]) == (parked_id, 2, "another reason")
    assert (entry["changed_by"], entry["note"]) == (None, None)
    assert world.actions(parked_id) == [("parked", None), (done, "ada"), ("parked", None)]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b'{"a": 1 }\n', b"x" * 3_000_000])
def test_a_replay_publishes_the_bytes_that_came_and_none_of_the_headers_but_the_trace(
    world: ParkedWorld, body: bytes
) -> None:
    death = [{"queue": STORAGE.name, "reason": "delivery_limit"}]
    parked_id = world.park(body, traceparent="00-a-b-01", x_attempt=3, x_death=death)
    assert world.messages.replay([parked_id], "ada") == {"replayed": [parked_id], "unknown": [], "problem": None}
    [message] = world.published()
    assert (message.body, message.type, message.id) == (body, "some.type", "m")
    assert message.headers == {"traceparent": "00-a-b-01"}
    assert world.messages.body(parked_id) == body
    assert world.reopened == [(STORAGE.name, "m")]


def test_one_that_is_forgotten_while_it_is_replayed_is_not_noted(world: ParkedWorld) -> None:
    forgotten, other = world.park(message_id="1"), world.park(message_id="2")
    world.forgets = forgotten
    assert world.messages.replay([forgotten, other], "ada")["replayed"] == [forgotten, other]
    assert world.ids(None) == [other]
    assert world.actions(forgotten) == []


def test_each_replay_is_noted_and_one_that_is_not_confirmed_is_not(world: ParkedWorld) -> None:
    one, other = world.park(message_id="1"), world.park(message_id="2")
    world.messages.replay([one], "ada")
    world.messages.replay([one], "grace")
    assert world.actions(one) == [("parked", None), ("replayed", "ada"), ("replayed", "grace")]
    world.broker.refusal = "blocked"
    done = world.messages.replay([other, one], "ada")
    assert (done["replayed"], done["problem"]) == ([], str(NotConfirmed("blocked")))
    assert world.ids() == [other]
    assert world.actions(other) == [("parked", None)]


def test_what_is_parked_anew_while_it_is_being_replayed_still_waits(world: ParkedWorld) -> None:
    parked_id = world.park(parking="1")

    def park_again(_name: str) -> None:
        world.park(parking="2")

    world.messages._reach = park_again
    world.messages.replay([parked_id], "ada")
    assert world.ids() == [parked_id]
    assert world.actions(parked_id) == [("parked", None), ("parked", None), ("replayed", "ada")]


def test_what_was_discarded_is_kept_and_can_be_replayed_and_what_was_replayed_cannot_be_discarded(
    world: ParkedWorld,
) -> None:
    parked_id = world.park(b"bytes")
    for _ in range(3):
        entry = world.messages.discard(parked_id, "no use", "ada")
        assert entry is not None
        assert (entry["state"], entry["note"], entry["changed_by"]) == ("discarded", "no use", "ada")
    assert world.actions(parked_id) == [("parked", None), ("discarded", "ada")]
    assert world.messages.body(parked_id) == b"bytes"
    world.messages.replay([parked_id], "ada")
    entry = world.messages.discard(parked_id, "no use", "ada")
    assert entry is not None
    assert entry["state"] == "replayed"
    assert world.messages.discard("0" * 32, "no use", "ada") is None


def test_many_are_replayed_by_reason_those_that_wait_longest_first(world: ParkedWorld) -> None:
    ids = [world.park(message_id=str(n), x_reason=f"reason {n % 2} 100%") for n in range(10)]
    done = world.messages.replay_waiting("REASON 1 100%", 3, "ada")
    assert (done["replayed"], done["remaining"]) == (ids[1:7:2], 2)
    assert world.messages.replay_waiting("no such _eason", 100, "ada")["replayed"] == []
    done = world.messages.replay_waiting(None, 100, "ada")
    assert (len(done["replayed"]), done["remaining"]) == (7, 0)


def test_pages_hold_each_once_newest_first(world: ParkedWorld) -> None:
    ids = [world.park(message_id=str(n)) for n in range(7)]
    found, cursor = [], None
    for _ in range(4):
        page = world.messages.page(limit=2, cursor=cursor)
        found += [one["id"] for one in page["parked"]]
        cursor = page["next_cursor"]
    assert (found, cursor) == (ids[::-1], None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.text(min_size=1) | st.binary(min_size=1).map(repr))
def test_a_cursor_that_is_none_is_said_to_be_wrong(world: ParkedWorld, cursor: str) -> None:
    asked = {"state": None, "reason": None, "limit": 5, "cursor": cursor}
    assert methods(world.messages)["parked.list"](asked) == {"error": "cursor"}


@pytest.mark.parametrize(
    ("body", "encoding", "content"),
    [
        (b'{"a": [1, 2.5]}', "json", {"a": [1, 2.5]}),
        (b'{"a": "\\ud800"}', "text", '{"a": "\\ud800"}'),
        (b"not \x00 JSON", "text", "not \x00 JSON"),
        (b"\xff\xfe", "base64", "//4="),
    ],
)
def test_content_is_shown_as_what_it_is(world: ParkedWorld, body: bytes, encoding: str, content: object) -> None:
    entry = world.messages.entry(world.park(body))
    assert entry is not None
    assert (entry["encoding"], entry["content"], entry["truncated"]) == (encoding, content, False)


def test_of_a_huge_body_the_beginning_is_shown(world: ParkedWorld) -> None:
    entry = world.messages.entry(world.park(b"{" + b"x" * CONTENT_BYTES_MOST))
    assert entry is not None
    assert (entry["truncated"], entry["size_bytes"]) == (True, CONTENT_BYTES_MOST + 1)
    assert len(json.dumps(entry)) < 2 * CONTENT_BYTES_MOST


def test_what_waits_is_counted_by_the_kind_of_reason(world: ParkedWorld) -> None:
    for n, kind in enumerate(["invalid", "invalid", "poison", "no such kind"]):
        world.park(message_id=str(n), x_parked_for=kind)
    world.messages.replay([world.park(message_id="done")], "ada")
    counts = {STORAGE.name: {"invalid": 2, "poison": 1, "other": 1}}
    assert world.messages.waiting() == {"waiting": 4, "queues": counts}


def test_what_waits_is_measured_at_each_scrape(world: ParkedWorld) -> None:
    registry = CollectorRegistry()
    measure_parked(registry, world.repository.waiting)
    labels = {"queue": STORAGE.name, "reason": "invalid"}
    assert registry.get_sample_value("counterfoil_parked_waiting", labels) is None
    parked_id = world.park(x_parked_for="invalid")
    assert registry.get_sample_value("counterfoil_parked_waiting", labels) == 1
    world.messages.discard(parked_id, "no use", "ada")
    assert registry.get_sample_value("counterfoil_parked_waiting", labels) is None


def test_the_methods_answer_over_a_broker(world: ParkedWorld) -> None:
    parked_id = world.park(b"\xff", message_id="\U0001f600")
    world.broker.serve(STORAGE_QUERIES, methods(world.messages))
    client = world.broker.rpc_client()

    def ask(method: str, **params: object) -> dict[str, object]:
        return client.ask(STORAGE_QUERIES, f"parked.{method}", params).answer(timeout_s=5)

    listed = ask("list", state="waiting", reason="because", limit=5, cursor=None)
    assert (listed["waiting"], listed["next_cursor"]) == (1, None)
    assert ask("discard", id="0" * 32, reason="r", actor="a") == {"parked": None}
    assert ask("show", id="0" * 32) == {"parked": None}
    assert ask("replay", ids=[parked_id, "0" * 32], actor="ada")["unknown"] == ["0" * 32]
    assert ask("replay", reason=None, limit=1000, actor="ada")["replayed"] == []
    assert ask("waiting") == {"waiting": 0, "queues": {}}


def test_it_is_known_which_messages_stand_here(world: ParkedWorld) -> None:
    waiting, replayed = world.messages.entry(world.park(b"1")), world.messages.entry(world.park(b"2"))
    assert waiting
    assert replayed
    world.messages.replay([replayed["id"]], "ada")
    ids = [waiting["message_id"], replayed["message_id"], "another"]
    assert world.repository.standing(ids) == {waiting["message_id"]}
