"""Measures confirmations a second out of a backlog, into a mail server on loopback that keeps none."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from bench.claims import MAILS, ONE_REPLICA, SMTP_LOOP, SMTP_PIPELINED, WITH_OWNER
from bench.cpu import Meter
from bench.database import Counted
from bench.draining import drain
from bench.events import bodies
from bench.program import Program
from bench.rounds import Subject
from bench.services import notify
from bench.sink import sink, url_of
from bench.world import World
from shared.messaging.topology import NOTIFY_SUBMISSIONS


@contextmanager
def mails(world: World) -> Iterator[list[Subject]]:
    """Yield one replica with confirmations alone, and with the owner's mails beside them; and the loop that does
    nothing but send, waiting for each answer and pipelined."""
    url = world.postgres.create_database("mails")
    counted = Counted(url, "deliveries", "changed_at", "state = 'sent'", also=("planned_submissions",))
    with sink(world.directory / "mails").running(world.directory) as server:
        receiving = {"mail server": server.pid}
        replica = notify(world.broker.url, url, url_of(server.port))
        replica.run("migrate")
        both = notify(world.broker.url, url, url_of(server.port), owner="owner@example.org")
        yield [
            Subject(ONE_REPLICA, partial(_sent, world, replica, counted, receiving)),
            Subject(WITH_OWNER, partial(_sent, world, both, counted, receiving, rows_each=2)),
            Subject(SMTP_LOOP, partial(_looped, world, server.port, receiving)),
            Subject(SMTP_PIPELINED, partial(_looped, world, server.port, receiving, "pipelined")),
        ]
    counted.close()


def _sent(
    world: World, replica: Program, counted: Counted, receiving: Mapping[str, int], *, rows_each: int = 1
) -> Mapping[str, float]:
    meter, submissions = Meter(receiving), bodies(world.scale.mails // rows_each)
    done = drain(world, [replica], NOTIFY_SUBMISSIONS.name, submissions, counted, rows_each=rows_each)
    return {MAILS: done.per_s, **done.costs("notify", "mail"), **_received(world, meter)}


def _looped(world: World, port: int, receiving: Mapping[str, int], *how: str) -> Mapping[str, float]:
    program = Program(SMTP_LOOP, (sys.executable, "-m", "bench.limits.smtp_loop"))
    meter = Meter(receiving)
    return {MAILS: float(program.run(str(port), str(world.scale.mails), *how)), **_received(world, meter)}


def _received(world: World, meter: Meter) -> dict[str, float]:
    return {f"{part} µs a mail": cost for part, cost in meter.each_us(world.scale.mails).items()}
