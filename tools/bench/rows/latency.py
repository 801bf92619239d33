"""Measures the time from the 202 to the row and to the mail, at half of the highest load.

What it can do is measured first: submissions as fast as they go, from the first 202 to the last mail. The row is taken
to be there when its announcement arrives, which follows the commit; the mail, when the mail server has taken it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from bench.claims import OURS, TO_MAIL, TO_ROW
from bench.figures import percentile
from bench.rounds import BenchFailed, Subject
from bench.services import gateway, notify, storage
from bench.sink import mails, sink, url_of
from bench.visitors import Answered, Visitors
from bench.world import World
from dev.processes import poll
from shared.contracts import Announcement, SubmissionsStored
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import NOTIFY_SUBMISSIONS, STORAGE

MAIL_LIMIT_S = 60
RATE = "submissions/s, half load"


@contextmanager
def latency(world: World) -> Iterator[list[Subject]]:
    """Yield the whole installation."""
    log, stored = world.directory / "latency-mails", Stored()
    with ExitStack() as stack:
        port = _start(world, stack, log)
        stack.callback(RabbitMQ(world.broker.url, name="bench").watch(stored.notice).close)
        pipeline = _Pipeline(world, port, log, stored)
        yield [Subject(OURS, pipeline.measure)]


class Stored:
    """When each submission was announced as stored."""

    def __init__(self) -> None:
        self.at_s: dict[str, float] = {}

    def notice(self, news: Announcement) -> None:
        """Take an announcement."""
        if isinstance(news, SubmissionsStored):
            now_s = time.time()
            self.at_s.update((str(each), now_s) for each in news.ids)


class _Pipeline:
    def __init__(self, world: World, port: int, log: Path, stored: Stored) -> None:
        self._scale = world.scale
        self._port, self._log, self._stored = port, log, stored
        self._firsts = count(0, 1_000_000)
        self._most_per_s = 0.0

    def measure(self) -> Mapping[str, float]:
        self._most_per_s = self._most_per_s or self._capacity()
        rate = self._most_per_s / 2
        answered = Visitors(self._port, next(self._firsts), int(rate * self._scale.paced_s), rate).run()
        mailed = self._await_mails(answered)
        self._await_rows(answered)
        return {
            TO_ROW: _p99_ms({one.id: one.at_s for one in answered}, self._stored.at_s),
            TO_MAIL: _p99_ms({one.email: one.at_s for one in answered}, mailed),
            RATE: rate,
        }

    def _capacity(self) -> float:
        """Return how many submissions a second come through to their mail, all parts working at once."""
        began_s = time.time()
        answered = Visitors(self._port, next(self._firsts), self._scale.mails // 2, None).run()
        mailed = self._await_mails(answered)
        return len(answered) / (max(mailed[one.email] for one in answered) - began_s)

    def _await_mails(self, answered: list[Answered]) -> dict[str, float]:
        """Return when each mail was taken, by its recipient, once all are there."""
        wanted = {one.email for one in answered}
        if not poll(lambda: wanted <= self._mailed().keys(), MAIL_LIMIT_S, every_s=0.5):
            raise BenchFailed(f"{len(wanted - self._mailed().keys())} of {len(wanted)} mails did not come")
        return self._mailed()

    def _await_rows(self, answered: list[Answered]) -> None:
        wanted = {one.id for one in answered}
        if not poll(lambda: wanted <= self._stored.at_s.keys(), MAIL_LIMIT_S, every_s=0.5):
            raise BenchFailed(f"{len(wanted - self._stored.at_s.keys())} of {len(wanted)} rows were not announced")

    def _mailed(self) -> dict[str, float]:
        return {recipient: at_s for at_s, recipient in mails(self._log)}


def _start(world: World, stack: ExitStack, log: Path) -> int:
    """Start all services, and return the gateway's port once both consumers consume."""
    broker, directory = world.broker.url, world.directory
    server = stack.enter_context(sink(log).running(directory))
    for program in (
        storage(broker, world.postgres.create_database("latency_storage")),
        notify(broker, world.postgres.create_database("latency_notify"), url_of(server.port)),
    ):
        program.run("migrate")
        stack.enter_context(program.running(directory))
    if not poll(lambda: all(map(world.queues.consumers, (STORAGE.name, NOTIFY_SUBMISSIONS.name))), 60):
        raise BenchFailed("storage or notify does not consume")
    return stack.enter_context(gateway(broker).running(directory)).port


def _p99_ms(began_s: Mapping[str, float], ended_s: Mapping[str, float]) -> float:
    """Return the 99th percentile; what was there before its 202 had been read took no time."""
    return percentile((max(0.0, ended_s[key] - at_s) * 1000 for key, at_s in began_s.items()), 99)
