"""Measures the memory of a gateway worker and of a storage replica, with and without a backlog.

One round: both are sampled all the while, and what counts is the most that either had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from bench.claims import GATEWAY_EMPTY, GATEWAY_FULL, MEMORY, STORAGE_EMPTY, STORAGE_FULL
from bench.database import Counted
from bench.events import bodies
from bench.program import Program
from bench.resident import watched
from bench.rounds import Subject
from bench.rows.accepts import post
from bench.services import gateway, storage
from bench.world import World
from dev.processes import poll
from shared.messaging.topology import STORAGE

DRAIN_S = 25


@contextmanager
def memory(world: World) -> Iterator[list[Subject]]:
    """Yield both services, first without a backlog, then with one."""
    url = world.postgres.create_database("memory")
    replica = storage(world.broker.url, url)
    replica.run("migrate")
    counted = Counted(url, "submissions", "stored_at")
    few, many = world.scale.events, world.scale.backlog
    yield [
        Subject(GATEWAY_EMPTY, partial(_gateway, world, 0)),
        Subject(STORAGE_EMPTY, partial(_storage, world, replica, counted, few)),
        Subject(GATEWAY_FULL, partial(_gateway, world, many)),
        Subject(STORAGE_FULL, partial(_storage, world, replica, counted, many)),
    ]
    counted.close()


def _gateway(world: World, backlog: int) -> Mapping[str, float]:
    """Load a gateway in front of a backlog, and return the most that a worker of it had."""
    with gateway(world.broker.url).running(world.directory) as running, watched(running.pid) as resident:
        post(world, running.port)
        world.queues.fill(STORAGE.name, bodies(backlog))
        post(world, running.port, empty=False)
    return {MEMORY: resident.most_mb[0]}


def _storage(world: World, replica: Program, counted: Counted, backlog: int) -> Mapping[str, float]:
    """Let a replica drain a backlog for a while, and return the most that it had."""
    counted.clear()
    total = world.queues.fill(STORAGE.name, bodies(backlog))
    with replica.running(world.directory) as running, watched(running.pid) as resident:
        poll(lambda: counted.rows() >= total, DRAIN_S, every_s=0.5)
    return {MEMORY: resident.most_mb[0]}
