"""Measures the console's inbox over very many submissions, as an owner has it: through a gateway, in Chromium."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from urllib.parse import quote

from bench.claims import INBOX, INBOX_FOUND, INBOX_OPENED, PAGE_P95, PAINTED_P95, WEIGHT
from bench.figures import percentile
from bench.many_submissions import fill
from bench.owner import Owner
from bench.rounds import BenchFailed, Subject
from bench.services import console, gateway, notify
from bench.world import World
from dev.processes import poll
from shared import database
from shared.messaging.topology import NOTIFY_QUERIES
from shared.setup_token import new_setup_token
from storage_service.tables import MIGRATIONS

TIMES = 40
LINES = ("needle", "word17", "common", '"word17 common"', "word12*", "form:form7 is:new", "is:starred", "label:seldom")

NO_MAILS = "smtp://127.0.0.1:9?starttls=never"
"""Nothing is sent: notify only answers what became of what is opened."""


@contextmanager
def inbox(world: World) -> Iterator[list[Subject]]:
    """Yield the inbox, a search in it, and what is opened out of it."""
    url, broker, setup = world.postgres.create_database("inbox"), world.broker.url, new_setup_token(datetime.now(UTC))
    engine = database.create(url)
    MIGRATIONS.upgrade(engine)
    fill(engine, world.scale.rows)
    engine.dispose()
    told = notify(broker, world.postgres.create_database("inbox_notify"), NO_MAILS)
    told.run("migrate")
    with ExitStack() as stack:
        stack.enter_context(told.running(world.directory))
        port = stack.enter_context(console(broker, url, setup.told).running(world.directory)).port
        front = gateway(broker, console_url=f"http://127.0.0.1:{port}")
        address = f"http://127.0.0.1:{stack.enter_context(front.running(world.directory)).port}"
        owner = stack.enter_context(Owner.signed_in(address, setup.link(address)))
        if not poll(lambda: world.queues.consumers(NOTIFY_QUERIES) > 0, 60):
            raise BenchFailed("notify does not answer")
        yield [
            Subject(INBOX, partial(_plain, owner)),
            Subject(INBOX_FOUND, partial(_searched, owner)),
            Subject(INBOX_OPENED, partial(_opened, owner)),
        ]


def _plain(owner: Owner) -> Mapping[str, float]:
    weight = owner.weight_bytes("/console/inbox") / 1000
    return {PAGE_P95: _answers(owner, ["/console/inbox"]), WEIGHT: weight}


def _searched(owner: Owner) -> Mapping[str, float]:
    painted = [owner.searched_ms(line) for line, _ in zip(cycle(LINES), range(TIMES), strict=False)]
    answers = _answers(owner, [f"/console/inbox?q={quote(line)}" for line in LINES])
    return {PAGE_P95: answers, PAINTED_P95: percentile(painted, 95)}


def _opened(owner: Owner) -> Mapping[str, float]:
    return {PAINTED_P95: percentile([owner.opened_ms() for _ in range(TIMES)], 95)}


def _answers(owner: Owner, paths: list[str]) -> float:
    took_ms = []
    for path, _ in zip(cycle(paths), range(TIMES), strict=False):
        began_s = time.perf_counter()
        owner.get(path)
        took_ms.append((time.perf_counter() - began_s) * 1000)
    return percentile(took_ms, 95)
