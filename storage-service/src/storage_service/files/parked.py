"""Gives up the files that parked messages name, when these are forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection

from shared.parked.carrying import file_keys_in
from storage_service.files.rows import give_up


def give_up_parked(connection: Connection, bodies: Iterable[bytes], at: datetime | None = None) -> None:
    """Have the files removed that messages with these bodies name, but for those that a submission has."""
    keys = [key for body in bodies for key in file_keys_in(body)]
    give_up(connection, keys, at or datetime.now(UTC))
