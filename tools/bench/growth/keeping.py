"""Measures inserts, lists and cursor pages by how many submissions are already stored."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine, create_engine

from bench.claims import STORED
from bench.database import Counted, driven
from bench.draining import drain
from bench.events import bodies
from bench.figures import percentile
from bench.growth import Measure
from bench.services import storage
from bench.world import World
from shared.messaging.topology import STORAGE
from storage_service.queries import SubmissionQueries

LOOKS = 200
PAGE = 50

_FILL = """
INSERT INTO submissions (id, form, accepted_at, stored_at, fields, fingerprint, source, control)
SELECT md5('kept ' || n)::uuid, 'signup', now() - interval '1 day' - n * interval '1 second', now() - interval '1 day',
  json_build_object('name', 'Ada Lovelace ' || n, 'email', 'ada-' || n || '@example.org'), md5(n::text) || md5(n::text),
  '{"ip":"127.0.0.1","user_agent":"bench"}', '{"subject":null,"reply_to":null,"captcha":null}'
FROM generate_series(%s::bigint, %s::bigint) AS n
"""
_NEW = "form = 'signup' AND spam IS NULL AND accepted_at > now() - interval '1 hour'"
"""What a drain wrote, found by the list's own index: counting must not cost more the more is kept."""


@contextmanager
def by_rows(world: World) -> Iterator[Measure]:
    """Yield what measures a table of so many rows; the points must grow, for rows are only added."""
    url = world.postgres.create_database("growth_rows")
    replica = storage(world.broker.url, url)
    replica.run("migrate")
    counted = Counted(url, "submissions", "stored_at", _NEW)
    engine = create_engine(driven(url))
    there = 0

    def measure(rows: int) -> Mapping[str, float]:
        nonlocal there
        _execute(url, f"DELETE FROM submissions WHERE {_NEW}")  # noqa: S608
        if rows > there:
            _execute(url, _FILL, (there + 1, rows))
            there = rows
        _execute(url, "VACUUM ANALYZE submissions")
        _execute(url, "CHECKPOINT")  # what the filling left to be written is none of the drain's cost
        done = drain(world, [replica], STORAGE.name, bodies(world.scale.events), counted, clear=False)
        return {STORED: done.per_s, **done.costs("storage", "stored"), **_looked(engine, rows)}

    yield measure
    engine.dispose()
    counted.close()


def _looked(engine: Engine, rows: int) -> dict[str, float]:
    """Return how long the first page, one in the middle, and one submission take at the 99th percentile."""
    queries = SubmissionQueries(engine)
    first = {"form": "signup", "limit": PAGE}
    found = queries.page(first)
    middle = first | {"cursor": _cursor_in_the_middle(engine, queries, rows) or found["next_cursor"]}
    one = {"id": found["submissions"][0]["id"]}
    return {
        "list p99 ms": _p99_ms(lambda: queries.page(first)),
        "cursor page p99 ms": _p99_ms(lambda: queries.page(middle)),
        "receipt p99 ms": _p99_ms(lambda: queries.receipt(one)),
    }


def _cursor_in_the_middle(engine: Engine, queries: SubmissionQueries, rows: int) -> str | None:
    """Return the cursor behind a row that stands in the middle of all that are kept, written as the service does."""
    if not rows:
        return None
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT md5('kept ' || %s)::uuid", (str(rows // 2),)).scalar_one()
    shown = queries.submission({"id": str(found)})["submission"]
    return base64.urlsafe_b64encode(f"{shown['accepted_at']} {shown['id']}".encode()).decode().rstrip("=")


def _p99_ms(look: Callable[[], object]) -> float:
    took_ms = []
    for _ in range(LOOKS):
        began_s = time.monotonic()
        look()
        took_ms.append((time.monotonic() - began_s) * 1000)
    return percentile(took_ms, 99)


def _execute(url: str, statement: str, values: tuple[int, ...] = ()) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement, values or None)
