"""The holder of the spam model: it asks storage, checks what comes, and keeps the last good one."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.spam.holder import ModelHolder, Times
from shared.contracts import SpamModelMade, SubmissionsStored
from shared.messaging.broker import Answer, NoAnswer, Params, QueryFailed
from shared.messaging.memory import MemoryBroker
from shared.messaging.topology import STORAGE_QUERIES
from shared.spam import MODEL_BYTES_MOST, digest_of
from support.events import WRITTEN_AT
from support.held_models import StorageOf
from support.polling import eventually

SOON = Times(every_s=0.05, again_s=0.02, spread_s=0.01)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def storage(broker: MemoryBroker) -> StorageOf:
    found = StorageOf()
    broker.serve(STORAGE_QUERIES, {"spam.model": found.answer})
    return found


@pytest.fixture
def holder(broker: MemoryBroker) -> Iterator[ModelHolder]:
    found = ModelHolder(broker.rpc_client(), times=SOON)
    yield found
    found.close()


def name_of(holder: ModelHolder) -> str | None:
    return holder.held.name if holder.held else None


def test_it_holds_what_storage_has_and_fetches_it_once(storage: StorageOf, holder: ModelHolder) -> None:
    assert holder.look()
    assert holder.held is None
    digest = storage.learn(12, bias=-3.0, may_hold=True)
    assert holder.look()
    assert holder.look()
    assert holder.held is not None
    assert (holder.held.name, holder.held.digest, holder.held.model.may_hold) == (storage.name, digest, True)
    assert storage.asked == [None, None, digest]
    assert holder.standing()[0] == 12


def test_it_forgets_the_model_where_storage_has_none_any_more(storage: StorageOf, holder: ModelHolder) -> None:
    storage.learn(1)
    holder.look()
    storage.model = None
    holder.look()
    assert holder.held is None


BAD: dict[str, dict[str, Any]] = {
    "another hash": {"hash": "1" * 64},
    "a hash that is too long": {"hash": "1" * 65},
    "a hash that is no text": {"hash": 7},
    "no bytes": {"data": None},
    "empty": {"data": ""},
    "no base64": {"data": "%%%%"},
    "not ASCII": {"data": "ü"},
    "bytes that are no model": {"data": base64.b64encode(b"x").decode(), "hash": digest_of(b"x")},
    "too many bytes": {"data": "A" * (2 * MODEL_BYTES_MOST)},
    "no version": {"version": None},
    "an empty version": {"version": ""},
    "a long version": {"version": "1" * 41},
    "a version with a line end": {"version": "1-\n"},
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_what_is_no_good_model_changes_nothing(
    storage: StorageOf, holder: ModelHolder, change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    storage.learn(1)
    holder.look()
    good = holder.held
    storage.learn(2)
    storage.changes = change
    began = time.process_time()
    assert holder.look(), "it was answered: there is no hurry to ask again"
    assert time.process_time() - began < 1
    assert holder.held is good
    assert "the spam model is not used" in capsys.readouterr().out
    storage.changes = {}
    holder.look()
    assert name_of(holder) == storage.name


def test_a_cut_model_is_none(storage: StorageOf, holder: ModelHolder) -> None:
    storage.learn(1)
    for length in range(0, len(storage.data), 997):
        cut = storage.data[:length]
        storage.changes = {"data": base64.b64encode(cut).decode(), "hash": digest_of(cut)}
        holder.look()
    assert holder.held is None


class Silent:
    """Answers no query, or says that it failed."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = 0

    def ask(self, queue: str, method: str, params: Params, *, is_named: bool = False) -> Silent:
        self.asked += 1
        return self

    def answer(self, *, timeout_s: float) -> Answer:
        raise self.error

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("error", "is_answered"), [(NoAnswer(), False), (QueryFailed("there is no query 'spam.model' here"), True)]
)
def test_without_an_answer_it_keeps_what_it_has(
    storage: StorageOf, holder: ModelHolder, error: Exception, *, is_answered: bool
) -> None:
    storage.learn(1)
    holder.look()
    good, holder._rpc = holder.held, Silent(error)
    assert holder.look() == is_answered
    assert holder.held is good


@pytest.mark.parametrize("error", [NoAnswer(), QueryFailed("no such query"), ValueError("a bug")])
def test_it_asks_again_until_it_is_answered(error: Exception) -> None:
    silent = Silent(error)
    holder = ModelHolder(silent, times=SOON)
    holder.start()
    eventually(lambda: silent.asked >= 3, 10, "it asks again")
    assert (holder.held, holder.standing()) == (None, (0, 0.0))
    holder.close()


def test_it_follows_by_itself(storage: StorageOf, holder: ModelHolder) -> None:
    holder.start()
    for number in (1, 2):
        storage.learn(number)
        eventually(lambda: name_of(holder) == storage.name, 10, "each minute it asks")


def test_an_announcement_makes_it_ask_at_once(broker: MemoryBroker, storage: StorageOf) -> None:
    holder = ModelHolder(broker.rpc_client(), times=Times(every_s=600, again_s=600, spread_s=0.01))
    broker.watch(holder.notice)
    holder.start()
    eventually(lambda: len(storage.asked) == 1, 10, "it asks at its start")
    digest = storage.learn(1)
    broker.announcer().announce(SpamModelMade(storage.name, digest))
    eventually(lambda: name_of(holder) == storage.name, 10, "it has heard")
    broker.announcer().announce(SpamModelMade(storage.name, digest))
    broker.announcer().announce(SubmissionsStored((), WRITTEN_AT))
    time.sleep(0.1)
    assert len(storage.asked) == 2, "what it holds it does not ask for"
    holder.close()
    eventually(lambda: not any(one is holder._thread for one in threading.enumerate()), 10, "its thread ends")


def test_it_says_for_how_long_storage_was_silent(storage: StorageOf, broker: MemoryBroker) -> None:
    now = [100.0]
    holder = ModelHolder(broker.rpc_client(), clock=lambda: now[0])
    assert holder.standing() == (0, 0.0)
    storage.learn(7)
    holder.look()
    now[0] += 90
    assert holder.standing() == (7, 90.0)
