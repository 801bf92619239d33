"""Measures stored events a second out of a backlog, with one replica and two, beside peers and limits."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import psycopg

from bench.claims import (
    COPY,
    DRAINING,
    INDEXED,
    NOT_INDEXED,
    ONE_COMMIT,
    ONE_REPLICA,
    PIKA_DRAINING,
    STORED,
    TWO_REPLICAS,
)
from bench.database import Counted, driven
from bench.draining import drain
from bench.events import bodies
from bench.program import Program
from bench.rounds import Subject
from bench.services import console, storage
from bench.world import World
from shared.contracts import SubmissionAccepted, decode
from shared.messaging.topology import STORAGE

COMMITS_MOST_S = 2_000
"""More than a database commits one by one in a second: what is put in for the peer that does so."""

BEFORE_S = 3
"""What a console has for its start, which is no part of what its index costs."""

_COLUMNS = ("id", "form", "accepted_at", "stored_at", "fields", "fingerprint", "source", "control")


@contextmanager
def stored(world: World) -> Iterator[list[Subject]]:
    """Yield our service with one replica and with two, its peer, the connection that does nothing, and COPY."""
    url, broker = world.postgres.create_database("stored"), world.broker.url
    replicas = [storage(broker, url, number) for number in (1, 2)]
    replicas[0].run("migrate")
    peer = Program(
        ONE_COMMIT,
        (sys.executable, "-m", "bench.peers.one_commit_a_message"),
        {"BROKER_URL": broker, "DATABASE_URL": driven(url), "QUEUE": STORAGE.name},
    )
    ours, theirs = Counted(url, "submissions", "stored_at"), Counted(url, "peer_submissions", "stored_at")
    scale = world.scale
    few = min(scale.events, int(scale.limit_s * COMMITS_MOST_S))
    yield [
        Subject(ONE_REPLICA, partial(_replica, world, replicas[0], ours)),
        Subject(ONE_COMMIT, partial(_drained, world, [peer], theirs, few, scale.limit_s)),
        Subject(DRAINING, partial(_nothing, world)),
        Subject(PIKA_DRAINING, partial(_nothing, world, "pika")),
        Subject(TWO_REPLICAS, partial(_drained, world, replicas, ours, scale.events)),
        Subject(COPY, partial(_copied, world, url, ours)),
    ]
    ours.close()
    theirs.close()


@contextmanager
def indexed(world: World) -> Iterator[list[Subject]]:
    """Yield one replica alone, and beside a console that makes the search index of what it stores."""
    url, broker = world.postgres.create_database("indexed"), world.broker.url
    replica, behind = storage(broker, url), console(broker, url)
    replica.run("migrate")
    counted = Counted(url, "submissions", "stored_at")
    alone = partial(_drained, world, [replica], counted, world.scale.events)

    def beside() -> Mapping[str, float]:
        with behind.running(world.directory):
            time.sleep(BEFORE_S)
            return alone()

    yield [Subject(NOT_INDEXED, alone), Subject(INDEXED, beside)]
    counted.close()


def _drained(
    world: World, consumers: list[Program], counted: Counted, events: int, limit_s: float = 120
) -> Mapping[str, float]:
    return {STORED: drain(world, consumers, STORAGE.name, bodies(events), counted, limit_s).per_s}


def _replica(world: World, replica: Program, counted: Counted) -> Mapping[str, float]:
    """Measure one replica, and what a submission costs with it."""
    done = drain(world, [replica], STORAGE.name, bodies(world.scale.events), counted)
    return {STORED: done.per_s, **done.costs("storage", "stored"), "bytes a row": counted.bytes_a_row()}


def _nothing(world: World, *how: str) -> Mapping[str, float]:
    count = world.queues.fill(STORAGE.name, bodies(world.scale.events))
    program = Program(DRAINING, (sys.executable, "-m", "bench.limits.draining"), {"BROKER_URL": world.broker.url})
    return {STORED: float(program.run(STORAGE.name, str(count), *how))}


def _copied(world: World, database_url: str, counted: Counted) -> Mapping[str, float]:
    """Put the same rows into the same table by COPY, with one commit: the most the database takes."""
    counted.clear()
    events = [
        decode(body, type="submission.accepted.v1", types=(SubmissionAccepted,)) for body in bodies(world.scale.events)
    ]
    empty = '{"subject":null,"reply_to":null,"captcha":null}'
    fields, source = '{"name":"Ada Lovelace","email":"ada@example.org"}', '{"ip":"127.0.0.1","user_agent":"bench"}'
    rows = [
        (each.id, each.form, each.accepted_at, each.accepted_at, fields, each.fingerprint, source, empty)
        for each in events
    ]
    began_s = time.monotonic()
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY submissions ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.commit()
    return {STORED: len(rows) / (time.monotonic() - began_s)}
