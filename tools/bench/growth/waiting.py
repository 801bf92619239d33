"""Measures accepts and stored a second by how many messages wait, and by how many replicas work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.claims import STORED
from bench.database import Counted
from bench.draining import drain
from bench.events import bodies
from bench.growth import Measure
from bench.growth.posting import accepted
from bench.services import gateway, storage
from bench.world import World
from bench.wrk import SIGNUP
from shared.messaging.topology import STORAGE

DRAIN_S = 10.0


@contextmanager
def by_backlog(world: World) -> Iterator[Measure]:
    """Yield what measures a gateway in front of so many waiting messages, and a replica behind them."""
    url = world.postgres.create_database("growth_backlog")
    replica, counted = storage(world.broker.url, url), Counted(url, "submissions", "stored_at")
    replica.run("migrate")

    def measure(backlog: int) -> Mapping[str, float]:
        world.queues.fill(STORAGE.name, bodies(backlog))
        with gateway(world.broker.url).running(world.directory) as running:
            posted = accepted(world, running.pid, f"http://127.0.0.1:{running.port}/f/signup", SIGNUP)
        world.queues.empty()
        done = drain(world, [replica], STORAGE.name, bodies(backlog + world.scale.events), counted, DRAIN_S)
        return {**posted, STORED: done.per_s, **done.costs("storage", "stored")}

    yield measure
    counted.close()


@contextmanager
def by_replicas(world: World) -> Iterator[Measure]:
    """Yield what measures so many storage replicas, and a gateway with so many workers."""
    url = world.postgres.create_database("growth_replicas")
    counted = Counted(url, "submissions", "stored_at")
    storage(world.broker.url, url).run("migrate")

    def measure(count: int) -> Mapping[str, float]:
        with gateway(world.broker.url, workers=count).running(world.directory) as running:
            posted = accepted(world, running.pid, f"http://127.0.0.1:{running.port}/f/signup", SIGNUP)
        world.queues.empty()
        replicas = [storage(world.broker.url, url, number) for number in range(1, count + 1)]
        done = drain(world, replicas, STORAGE.name, bodies(count * world.scale.events), counted)
        return {**posted, STORED: done.per_s}

    yield measure
    counted.close()
