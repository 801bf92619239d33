"""Measures accepts at half load, and the inbox's list, alone and while retention erases all of a large database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection
from itertools import count
from urllib.parse import quote

from sqlalchemy import Engine, func, insert, select

from bench.claims import ERASED, HALF_LOAD_P95, PAGE_P95, beside_retention, without_retention
from bench.figures import percentile
from bench.many_submissions import fill
from bench.rounds import BenchFailed, Subject
from bench.services import console, gateway, storage
from bench.visitors import Visitors
from bench.world import World
from dev.processes import poll
from shared import database
from shared.messaging.topology import STORAGE
from storage_service.accounts.asker import Asker
from storage_service.accounts.keys import Keys
from storage_service.retention.pauses import Pauses
from storage_service.tables import MIGRATIONS, RETENTION, submissions

NAMES = (*(f"form{number}" for number in range(20)), "rare")
"""The forms that `fill` fills."""

LOOKED_AT_S = 90
"""Within this a console sees that retention goes on: it looks once a minute."""

INBOX = f"/v1/submissions?q={quote('is:new -is:spam')}"
BY = Asker("bench", frozenset())


def on_postgresql(world: World) -> AbstractContextManager[list[Subject]]:
    """Yield the same accepts and lists, with retention paused and going on."""
    return _retention(world, "PostgreSQL", world.postgres.create_database("retention"))


def on_sqlite(world: World) -> AbstractContextManager[list[Subject]]:
    """Yield the same on SQLite, where everybody who writes waits for each step."""
    return _retention(world, "SQLite", f"sqlite:///{world.directory / 'retention.db'}")


@contextmanager
def _retention(world: World, kind: str, url: str) -> Iterator[list[Subject]]:
    forms, broker = world.directory / f"retention-{kind}.toml", world.broker.url
    kept = [f'[forms.{name}]\nretention = "9 days"\n' for name in NAMES]
    forms.write_text("[forms.signup]\n" + "".join(kept))
    engine = _filled(url, world.scale.rows)
    key = Keys(engine).add("bench", ["read"], None, None)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        stack.enter_context(storage(broker, url).running(world.directory))
        port = stack.enter_context(gateway(broker, forms=str(forms)).running(world.directory)).port
        owners = stack.enter_context(console(broker, url, forms=str(forms)).running(world.directory)).port
        if not poll(lambda: world.queues.consumers(STORAGE.name) > 0, 60):
            raise BenchFailed("storage does not consume")
        load = _Load(world, engine, port, partial(_Lists, owners, key))
        yield [Subject(without_retention(kind), load.paused), Subject(beside_retention(kind), load.going_on)]


def _filled(url: str, rows: int) -> Engine:
    """Return a database all of which is due by rules that have counted for long, and are paused."""
    engine = database.create(url)
    MIGRATIONS.upgrade(engine)
    fill(engine, rows)
    Pauses(engine).pause(None, BY)
    rules = [{"form": name, "what": what, "run_count": 0} for name in NAMES for what in ("submissions", "spam")]
    with engine.begin() as connection:
        connection.execute(insert(RETENTION.rules).values(days=9, action="erase"), rules)
    return engine


class _Lists(threading.Thread):
    """Asks for the inbox's list again and again until it is told that it is enough."""

    def __init__(self, port: int, key: str) -> None:
        super().__init__(daemon=True)
        self._port, self._headers = port, {"Authorization": f"Bearer {key}"}
        self._over = threading.Event()
        self.took_ms: list[float] = []

    def run(self) -> None:
        """Ask ten times a second."""
        line = HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._over.wait(0.1):
            began_s = time.perf_counter()
            line.request("GET", INBOX, headers=self._headers)
            answer = line.getresponse()
            answer.read()
            self.took_ms.append((time.perf_counter() - began_s) * 1000 if answer.status == 200 else 30_000)
        line.close()

    def ended(self) -> list[float]:
        """End, and return how long each took; one that was refused counts as half a minute."""
        self._over.set()
        self.join()
        return self.took_ms


class _Load:
    def __init__(self, world: World, engine: Engine, port: int, lists: partial[_Lists]) -> None:
        self._world, self._engine, self._port, self._lists = world, engine, port, lists
        self._pauses, self._firsts = Pauses(engine), count(0, 1_000_000)
        self._rate_per_s = 0.0

    def paused(self) -> Mapping[str, float]:
        self._rate_per_s = self._rate_per_s or self._most_per_s() / 2
        lists = self._lists()
        lists.start()
        posts = int(self._rate_per_s * self._world.scale.paced_s)
        answered = Visitors(self._port, next(self._firsts), posts, self._rate_per_s).run()
        took_ms = lists.ended()
        return {
            HALF_LOAD_P95: percentile((one.took_s * 1000 for one in answered), 95),
            PAGE_P95: percentile(took_ms, 95),
        }

    def going_on(self) -> Mapping[str, float]:
        before = self._erased()
        self._pauses.resume(None, BY)
        try:
            if not poll(lambda: self._erased() > before, LOOKED_AT_S):
                raise BenchFailed("retention does not go on, or all is erased: use more --submissions")
            begun, began_s = self._erased(), time.monotonic()
            measured = self.paused()
            per_s = (self._erased() - begun) / (time.monotonic() - began_s)
        finally:
            self._pauses.pause(None, BY)
        if per_s == 0:
            raise BenchFailed("all was erased before it was measured: use more --submissions")
        return {**measured, ERASED: per_s}

    def _erased(self) -> int:
        erased = select(func.count()).select_from(submissions).where(submissions.c.erased_at.is_not(None))
        with database.reading(self._engine).connect() as connection:
            return connection.scalar(erased) or 0

    def _most_per_s(self) -> float:
        began_s = time.monotonic()
        posts = self._world.scale.mails // 2
        Visitors(self._port, next(self._firsts), posts, None).run()
        return posts / (time.monotonic() - began_s)
