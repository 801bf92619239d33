"""A relay script: somebody posts strangers' addresses with a link of theirs, as fast as they can."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import Engine

from notify_service.deliveries.caps import Cap, Caps
from notify_service.deliveries.recording import Recorder
from notify_service.deliveries.table import DeliveryTable
from notify_service.deliveries.worker import DeliveryWorker
from notify_service.planning.one_channel import OneChannel
from notify_service.tables import MIGRATIONS
from shared import database
from shared.contracts import Control, Source, SubmissionAccepted
from shared.forms import Form
from shared.messaging.failures import Delivery, RetryLater
from support.composed import bodies
from support.confirmations import Clock, FakeSender, a_channel, a_form
from support.events import an_event
from support.links import links_in
from support.migrating import migrate

CAPS = Caps(Cap(20, timedelta(days=1)), source=Cap(20, timedelta(hours=1)), form=Cap(1000, timedelta(hours=1)))
"""The default."""

FORMS: dict[str, Form] = {
    "signup": a_form("signup"),
    "contact": a_form(
        "contact", subject="We have it, {name}", text="Dear {name},\n\n{message}", subject_from_page=True
    ),
    "third": a_form("third", text="{message}"),
}
POSTS = 150


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


def posted(number: int) -> SubmissionAccepted:
    event = an_event(
        form=list(FORMS)[number % 3],
        email=f"stranger{number}@mail{number}.example",
        name="http://evil.example/x",
        message="Your parcel waits: www.evil.example",
    )
    control = Control(subject="Win at evil.example")
    return replace(event, source=Source("203.0.113.66"), control=control)


class Replicas:
    """Two replicas of notify, each with two workers, over one database."""

    def __init__(self, engine: Engine) -> None:
        self.clock, self.sender = Clock(), FakeSender()
        self.waiting: list[Delivery[SubmissionAccepted]] = []
        self._lock = threading.Lock()
        self._workers = [
            self._worker(table) for table in (DeliveryTable(engine, CAPS), DeliveryTable(engine, CAPS)) * 2
        ]

    def _worker(self, table: DeliveryTable) -> DeliveryWorker[SubmissionAccepted]:
        channel = a_channel(clock=self.clock)
        plan, recorder = OneChannel(channel, FORMS, table.confirmations, self.clock), Recorder(table.record_sent)
        made = DeliveryWorker(
            plan, {channel.name: channel}, self.sender, table, recorder, lambda _: None, self.clock, caps=CAPS
        )
        for _ in range(4):  # as fast as one gets: many at once
            made._pace.note(1, 0.0)
        return made

    def take(self, deliveries: Sequence[Delivery[SubmissionAccepted]]) -> None:
        """Work off deliveries, whatever comes back put aside."""
        queue = list(deliveries)

        def work(worker: DeliveryWorker[SubmissionAccepted]) -> None:
            while True:
                with self._lock:
                    mine = [queue.pop(0) for _ in range(min(16, len(queue)))]
                if not mine:
                    return
                while mine:
                    results = worker(mine)
                    with self._lock:
                        again = zip(results, mine, strict=False)
                        self.waiting += [
                            replace(one, attempt=1) for result, one in again if isinstance(result, RetryLater)
                        ]
                    mine = mine[len(results) :]

        with ThreadPoolExecutor(len(self._workers)) as pool:
            list(pool.map(work, self._workers))


def test_a_relay_script_sends_what_the_caps_let_it_and_no_link(engine: Engine) -> None:
    replicas = Replicas(engine)
    replicas.take([Delivery(posted(number)) for number in range(POSTS)])
    assert len(replicas.sender.sent) == 20, "an hour's"
    assert len(replicas.waiting) == POSTS - 20
    for hour in (1, 2):
        replicas.clock.forward(hours=1)
        again, replicas.waiting = replicas.waiting, []
        replicas.take(again)
        assert len(replicas.sender.sent) == 20 * (hour + 1)
    for sent in replicas.sender.sent:
        mail = message_from_bytes(sent.content, policy=policy.default)
        for text in (str(mail["Subject"]), *bodies(mail)):
            assert "evil.example" not in text
            assert links_in(text) == []
