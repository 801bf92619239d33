"""Measures durable accepts a second at 64 connections, each a 202 after the confirm of quorum queues, and their p99."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from bench.claims import ACCEPT_P99, ACCEPTS, BROKER
from bench.cpu import Meter
from bench.program import Program
from bench.rounds import BenchFailed, Subject
from bench.servers import EVENT_QUEUES, Server, servers
from bench.world import World
from bench.wrk import WrkRound, run_wrk, warm_up

CONNECTIONS = 64


@contextmanager
def accepts(world: World) -> Iterator[list[Subject]]:
    """Yield every server, and the broker by itself."""
    yield [
        *(Subject(each.program.name, partial(_load, world, each)) for each in servers(world.broker.url)),
        Subject(BROKER, partial(_broker_alone, world)),
    ]


def post(world: World, port: int, *, empty: bool = True) -> WrkRound:
    """Load a server that runs, warm, its queues emptied before what counts, unless `empty` is false."""
    _warm(world, port)
    if empty:
        world.queues.empty()
    return run_wrk(_url(port), connections=CONNECTIONS, seconds=world.scale.load_s)


def _load(world: World, server: Server) -> Mapping[str, float]:
    with server.program.running(world.directory) as running:
        _warm(world, running.port)
        world.queues.empty()
        meter = Meter({"server": running.pid, "broker": world.broker.pid})
        done = run_wrk(_url(running.port), connections=CONNECTIONS, seconds=world.scale.load_s)
        costs = meter.each_us(done.requests)
        for queue in server.publishes_to:
            if (held := world.queues.waiting(queue)) < done.requests:
                raise BenchFailed(f"{server.program.name} answered {done.requests}, but {queue} holds {held}")
    return {
        ACCEPTS: done.requests_per_s,
        ACCEPT_P99: done.p99_ms,
        **{f"{part} µs an accept": cost for part, cost in costs.items()},
    }


def _warm(world: World, port: int) -> None:
    warm_up(_url(port), connections=CONNECTIONS, seconds=world.scale.warm_up_s)


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/f/signup"


def _broker_alone(world: World) -> Mapping[str, float]:
    """Publish what an accept publishes: one message to each queue that an event goes to."""
    program = Program(BROKER, (sys.executable, "-m", "bench.limits.broker_alone"), {"BROKER_URL": world.broker.url})
    return {ACCEPTS: float(program.run(str(world.scale.load_s), *EVENT_QUEUES))}
