"""`python -m bench.limits.exporting DATABASE_URL HOW` writes all submissions to nowhere, and prints rows/s and MB.

HOW is a format of our export; `cursor`, what one would write by oneself: a cursor and `csv.writer`; or `copy`, which is
PostgreSQL's COPY of the table as it is.
"""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import psycopg
from sqlalchemy import make_url

from bench.submissions import NAMES
from shared import database
from storage_service.records import Records
from storage_service.records.export import Asked, Exporter, Format

_QUERY = "SELECT id, form, accepted_at, stored_at, fields FROM submissions ORDER BY accepted_at DESC, id DESC"
_FORMATS: Mapping[str, Format] = {"csv": "csv", "ndjson": "ndjson", "json": "json", "xlsx": "xlsx"}


def _export(url: str, how: str) -> int:
    engine = database.create(url)
    begun = Exporter(Records(engine), {}).begin(None, None, Asked(_FORMATS[how]))
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - no path
        for chunk in begun.chunks:
            nowhere.write(chunk)
    engine.dispose()
    return begun.expected or 0


def _cursor(url: str) -> int:
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        if make_url(url).drivername == "sqlite":
            rows = sqlite3.connect(make_url(url).database or "").execute(_QUERY)
            return _written(nowhere, ((*row[:4], json.loads(row[4])) for row in rows))
        with psycopg.connect(url) as connection, connection.cursor("all") as cursor:
            cursor.itersize = 5000
            return _written(nowhere, cursor.execute(_QUERY))


def _written(nowhere: TextIO, rows: Iterable[Any]) -> int:
    writer, count = csv.writer(nowhere), 0
    for key, form, accepted_at, stored_at, fields in rows:
        writer.writerow([*(fields.get(name) for name in NAMES), key, form, accepted_at, stored_at])
        count += 1
    return count


def _copy(url: str) -> int:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY submissions TO STDOUT") as copy:
            for _ in copy:
                pass
        return cursor.rowcount


def main(url: str, how: str) -> None:
    """Write, and print."""
    began_s = time.monotonic()
    rows = {"cursor": _cursor, "copy": _copy}.get(how, partial(_export, how=how))(url)
    per_s = rows / (time.monotonic() - began_s)
    print(per_s, _most_mb())


def _most_mb() -> float:
    """Return the most memory that this program had; `ru_maxrss` is at least what its parent had."""
    said = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(said[1]) / 1024 if said else 0.0


if __name__ == "__main__":
    main(*sys.argv[1:])
