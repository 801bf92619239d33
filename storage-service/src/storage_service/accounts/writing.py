"""Lets what writes be a transaction of its own, or belong to one that has begun; and sweeps up what has ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Engine, delete, select

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


def sweep(
    connection: Connection, key: Column[Any], order: Column[Any], *conditions: ColumnElement[bool], most: int = 200
) -> None:
    """Remove the first rows in an order for which this is so, `most` of them; `key` is their key.

    What another transaction has locked is left to that one: two who sweep at once never wait for each other.
    """
    found = select(key).where(*conditions).order_by(order).limit(most).with_for_update(skip_locked=True)
    connection.execute(delete(key.table).where(key.in_(found)))
