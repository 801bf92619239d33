"""Keeps what gateways fetch: the current model together with what came lately, as bytes that are ready."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.database import classified, reading
from shared.messaging.broker import Answer, Params, QueryMethod
from shared.spam import digest_of, packed, unpacked
from storage_service.spam.recent import Recent
from storage_service.tables import SPAM

NAME = "model"
"""Of the one row that there is."""

_S = SPAM.sent.c


@dataclass(frozen=True, slots=True)
class Sent:
    """What gateways have, or fetch: the version of the model, the SHA-256 of the bytes, and since when."""

    version: str
    hash: str
    made_at: datetime


def sent(connection: Connection) -> Sent | None:
    """Return what gateways fetch by now; None without any model."""
    row = connection.execute(select(_S.version, _S.hash, _S.made_at).where(_S.name == NAME)).one_or_none()
    return None if row is None else Sent(row.version, row.hash, row.made_at)


def recent_sent(connection: Connection) -> Recent:
    """Return what gateways know of what came lately."""
    data = connection.scalar(select(_S.data).where(_S.name == NAME))
    if data is None:
        return Recent()
    model = unpacked(bytes(data))
    return Recent(model.texts, model.networks)


def lock(connection: Connection) -> None:
    """Let nobody else say what gateways fetch before this transaction ends: of two at once each would see the other's
    model as it was before. On SQLite a transaction that writes is alone."""
    connection.execute(select(_S.name).where(_S.name == NAME).with_for_update())


def send(connection: Connection, version: str, model: bytes, recent: Recent, at: datetime) -> Sent:
    """Have gateways fetch a model with what came lately; raises `BadModel`. The row is written, also where it is the
    same: whoever watches it sees that somebody still looks."""
    data = packed(replace(unpacked(model), texts=recent.texts, networks=recent.networks))
    made = Sent(version, digest_of(data), at)
    insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(SPAM.sent)
    values = {"version": made.version, "hash": made.hash, "data": data, "made_at": at}
    connection.execute(insert.values(name=NAME, **values).on_conflict_do_update(index_elements=[_S.name], set_=values))
    return made


class ModelQueries:
    """Answers gateways, from a transaction that only reads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = reading(engine)

    def methods(self) -> dict[str, QueryMethod]:
        """Return the methods by name."""
        return {"spam.model": self.model}

    def model(self, params: Params) -> Answer:
        """Answer `{"hash", "version", "data"}`, the bytes in Base64, to whoever has other bytes than these; else the
        hash alone, which is null where there is no model."""
        with classified(), self._engine.connect() as connection:
            known = sent(connection)
            if known is None or known.hash == params.get("have"):
                return {"hash": known.hash if known else None}
            row = connection.execute(select(_S.version, _S.hash, _S.data).where(_S.name == NAME)).one()
        return {"hash": row.hash, "version": row.version, "data": base64.b64encode(row.data).decode()}
