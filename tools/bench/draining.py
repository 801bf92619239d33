"""Measures how fast consumers drain a backlog, by the rows they write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench.cpu import Meter
from bench.database import Counted
from bench.program import Program
from bench.rounds import BenchFailed
from bench.world import World
from dev.processes import poll

START_LIMIT_S = 60
ALL_LIMIT_S = 120


@dataclass(frozen=True, slots=True)
class Drained:
    """How many rows a second came, and what one of them cost each part, in microseconds of a core."""

    per_s: float
    broker_us: float
    database_us: float
    consumer_us: float

    def costs(self, service: str, thing: str) -> dict[str, float]:
        """Return the costs by metric: `broker µs a mail`."""
        parts = {"broker": self.broker_us, "database": self.database_us, service: self.consumer_us}
        return {f"{part} µs a {thing}": cost for part, cost in parts.items() if cost}


def drain(
    world: World,
    consumers: Sequence[Program],
    queue: str,
    bodies: Iterable[bytes],
    counted: Counted,
    limit_s: float = ALL_LIMIT_S,
    *,
    clear: bool = True,
    rows_each: int = 1,
) -> Drained:
    """Return what it took the consumers to write all rows, from the first to the last, or those of `limit_s`.

    They are connected and then frozen while the backlog is made, so that all of them begin with all of it. Each message
    makes `rows_each` rows.
    """
    if clear:
        counted.clear()
    with ExitStack() as stack:
        before = world.queues.consumers(queue)
        running = [stack.enter_context(each.running(world.directory)) for each in consumers]
        if not poll(lambda: world.queues.consumers(queue) >= before + len(running), START_LIMIT_S):
            raise BenchFailed(f"{consumers[0].name} does not consume {queue}; see its log")
        for each in running:
            each.freeze()
        pids = {"broker": world.broker.pid, "database": world.postgres.pid, "consumer": running[0].pid}
        try:
            total = world.queues.fill(queue, bodies)
            meter = Meter(pids)
        finally:
            for each in running:
                each.thaw()
        poll(lambda: counted.rows() >= total * rows_each, limit_s, every_s=0.2)
        costs = meter.each_us(counted.rows())
    return Drained(counted.per_s(), costs.get("broker", 0), costs.get("database", 0), costs.get("consumer", 0))
