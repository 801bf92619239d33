"""Lets what writes be a transaction of its own, or belong to one that has begun."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from shared.database import classified


@contextmanager
def writing(engine: Engine, within: Connection | None = None) -> Iterator[Connection]:
    """Lend the transaction that has begun, or a new one, which is kept at the end; raises as `classified` does."""
    with classified():
        if within is not None:
            yield within
            return
        with engine.begin() as connection:
            yield connection
