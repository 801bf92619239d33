"""What every broker does besides: announcements and queries."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from gateway.spam.holder import ModelHolder
from shared.contracts import Announcement, Confirmation, ConfirmationChanged, SpamModelMade, SubmissionsStored
from shared.messaging.broker import Answer, NoAnswer, Params, QueryFailed
from shared.messaging.topology import STORAGE_QUERIES
from shared.spam.known import Known
from support.brokers import TIMEOUT_S, Subject
from support.events import ACCEPTED_AT
from support.held_models import StorageOf
from support.polling import eventually


def test_announcements_reach_every_watcher(subject: Subject) -> None:
    heard: list[list[Announcement]] = [[], []]
    watches = [subject.broker.watch(heard[0].append), subject.broker.watch(heard[1].append)]
    announcer = subject.broker.announcer()
    announced: list[Announcement] = [
        SubmissionsStored((uuid4(), uuid4()), ACCEPTED_AT),
        ConfirmationChanged(uuid4(), Confirmation("email", "sent", 1, ACCEPTED_AT + timedelta(seconds=1))),
        SpamModelMade("12-3fa94c01", "3f" * 32),
    ]

    def both_heard() -> bool:
        for announcement in announced:  # a watcher hears from when it is there: announce until it does
            announcer.announce(announcement)
        return all(one in some for one in announced for some in heard)

    eventually(both_heard, timeout_s=TIMEOUT_S, message="both watchers heard all")
    for part in (*watches, announcer):
        part.close()


def test_a_query_is_answered(subject: Subject) -> None:
    def double(params: Params) -> Answer:
        return {"twice": params["n"] * 2}

    server = subject.broker.serve(STORAGE_QUERIES, {"double": double})
    client = subject.broker.rpc_client()

    def answered() -> bool:
        try:
            return client.ask(STORAGE_QUERIES, "double", {"n": 21}).answer(timeout_s=1.0) == {"twice": 42}
        except NoAnswer:
            return False

    eventually(answered, timeout_s=TIMEOUT_S, message="there is an answer")
    asked = [client.ask(STORAGE_QUERIES, "double", {"n": n}) for n in range(50)]
    assert [one.answer(timeout_s=TIMEOUT_S)["twice"] for one in asked] == [2 * n for n in range(50)]
    with pytest.raises(QueryFailed, match="no query 'halve'"):
        client.ask(STORAGE_QUERIES, "halve", {}).answer(timeout_s=TIMEOUT_S)
    with pytest.raises(QueryFailed, match="KeyError"):
        client.ask(STORAGE_QUERIES, "double", {}).answer(timeout_s=TIMEOUT_S)
    server.close()
    client.close()


def test_a_query_that_nobody_serves_has_no_answer(subject: Subject) -> None:
    client = subject.broker.rpc_client()
    with pytest.raises(NoAnswer):
        client.ask(STORAGE_QUERIES, "double", {"n": 1}).answer(timeout_s=0.2)
    client.close()


def test_an_answer_may_be_as_large_as_a_spam_model(subject: Subject) -> None:
    storage = StorageOf()
    digest = storage.learn(12, texts=Known.of(dict.fromkeys(range(10000), 1)), may_hold=True)
    server = subject.broker.serve(STORAGE_QUERIES, {"spam.model": storage.answer})
    client = subject.broker.rpc_client()
    holder = ModelHolder(client)
    eventually(lambda: holder.look() and holder.held is not None, timeout_s=TIMEOUT_S, message="it has come whole")
    assert holder.held is not None
    assert (holder.held.digest, holder.held.name, len(storage.data) > 100_000) == (digest, storage.name, True)
    server.close()
    client.close()
