"""Measures accepts at half load, alone and while others export and search the same database."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count

from bench.claims import ALONE, BESIDE_READERS, HALF_LOAD_P99
from bench.figures import percentile
from bench.many_submissions import fill
from bench.program import Program
from bench.rounds import BenchFailed, Subject
from bench.services import console, gateway, storage
from bench.visitors import Visitors
from bench.world import World
from dev.processes import poll
from shared import database
from shared.messaging.topology import STORAGE
from storage_service.accounts.keys import Keys
from storage_service.tables import MIGRATIONS

BEFORE_S = 3
"""What the readers have for getting to work."""


@contextmanager
def readers(world: World) -> Iterator[list[Subject]]:
    """Yield the same accepts, without readers and with them."""
    url, broker = world.postgres.create_database("readers"), world.broker.url
    engine = database.create(url)
    MIGRATIONS.upgrade(engine)
    fill(engine, world.scale.rows // 10)
    key = Keys(engine).add("bench", ["read", "export"], None, None)
    engine.dispose()
    with ExitStack() as stack:
        stack.enter_context(storage(broker, url).running(world.directory))
        port = stack.enter_context(gateway(broker).running(world.directory)).port
        owners = stack.enter_context(console(broker, url).running(world.directory)).port
        if not poll(lambda: world.queues.consumers(STORAGE.name) > 0, 60):
            raise BenchFailed("storage does not consume")
        reading = Program("readers", (sys.executable, "-m", "bench.readers", str(owners), key))
        load = _Load(world, port, reading)
        yield [Subject(ALONE, load.alone), Subject(BESIDE_READERS, load.beside_readers)]


class _Load:
    def __init__(self, world: World, port: int, reading: Program) -> None:
        self._world, self._port, self._reading = world, port, reading
        self._firsts = count(0, 1_000_000)
        self._rate_per_s = 0.0

    def alone(self) -> Mapping[str, float]:
        self._rate_per_s = self._rate_per_s or self._most_per_s() / 2
        posts = int(self._rate_per_s * self._world.scale.paced_s)
        answered = Visitors(self._port, next(self._firsts), posts, self._rate_per_s).run()
        return {HALF_LOAD_P99: percentile((one.took_s * 1000 for one in answered), 99)}

    def beside_readers(self) -> Mapping[str, float]:
        with self._reading.running(self._world.directory):
            time.sleep(BEFORE_S)
            return self.alone()

    def _most_per_s(self) -> float:
        began_s = time.monotonic()
        posts = self._world.scale.mails // 2
        Visitors(self._port, next(self._firsts), posts, None).run()
        return posts / (time.monotonic() - began_s)
