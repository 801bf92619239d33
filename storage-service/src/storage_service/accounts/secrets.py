"""Keeps secrets that every console of an installation has in common."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.database import classified, reading
from storage_service.accounts.writing import writing
from storage_service.tables import ACCOUNTS

_S = ACCOUNTS.secrets.c


def one_secret(engine: Engine, name: str) -> bytes:
    """Return the 32 random bytes of this name: made by whoever asks first, and the same for all from then on.

    Raises as `classified` does.
    """
    return _kept(engine, name) or _made(engine, name)


def _kept(engine: Engine, name: str) -> bytes | None:
    with classified(), reading(engine).connect() as connection:
        found: bytes | None = connection.scalar(select(_S.value).where(_S.name == name))
    return None if found is None else bytes(found)


def _made(engine: Engine, name: str) -> bytes:
    made = (postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert)(ACCOUNTS.secrets)
    values = {"name": name, "value": secrets.token_bytes(32), "made_at": datetime.now(UTC)}
    with writing(engine) as connection:
        connection.execute(made.values(values).on_conflict_do_nothing())
        return bytes(connection.execute(select(_S.value).where(_S.name == name)).scalar_one())
