"""Measures accepts a second at one gateway replica, with many watched receipts and with none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from bench.claims import ACCEPTS, UNWATCHED, WATCHED
from bench.rounds import Subject
from bench.rows.accepts import post
from bench.services import gateway
from bench.watchers import answering, watching
from bench.world import World


@contextmanager
def streams(world: World) -> Iterator[list[Subject]]:
    """Yield the gateway without streams and with them."""
    with answering(world.broker.url):
        yield [
            Subject(UNWATCHED, partial(_load, world, 0)),
            Subject(WATCHED, partial(_load, world, world.scale.streams)),
        ]


def _load(world: World, count: int) -> Mapping[str, float]:
    with gateway(world.broker.url).running(world.directory) as running, watching(running.port, count):
        return {ACCEPTS: post(world, running.port).requests_per_s}
