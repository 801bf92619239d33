"""Consumes as most programs do: prefetch, one session commit a message, then its ack.

`python -m bench.peers.one_commit_a_message`, with BROKER_URL, QUEUE and DATABASE_URL in the environment.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic, BasicProperties
from sqlalchemy import JSON, DateTime, Text, create_engine, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker


class Base(DeclarativeBase):
    """The base of the one table."""


class PeerSubmission(Base):
    """A stored submission."""

    __tablename__ = "peer_submissions"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    form: Mapped[str] = mapped_column(Text)
    accepted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stored_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    fingerprint: Mapped[str] = mapped_column(Text)
    source: Mapped[dict[str, Any]] = mapped_column(JSON)


def store(session: Session, body: bytes) -> None:
    """Store one event and commit; an event that is there already is left as it is."""
    document = json.loads(body)
    session.add(
        PeerSubmission(
            id=document["id"],
            form=document["form"],
            accepted_at=datetime.fromisoformat(document["accepted_at"]),
            stored_at=datetime.now(UTC),
            fields=document["fields"],
            fingerprint=document["fingerprint"],
            source=document["source"],
        )
    )
    try:
        session.commit()
    except IntegrityError:
        session.rollback()


def consume(channel: BlockingChannel, queue: str, sessions: sessionmaker[Session]) -> None:
    """Consume until the process is ended."""

    def on_message(channel: BlockingChannel, method: Basic.Deliver, _: BasicProperties, body: bytes) -> None:
        with sessions() as session:
            store(session, body)
        channel.basic_ack(method.delivery_tag or 0)

    channel.basic_qos(prefetch_count=100)
    channel.basic_consume(queue, on_message)
    channel.start_consuming()


def main() -> None:
    """Connect, make the table and consume."""
    engine = create_engine(os.environ["DATABASE_URL"])
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _as_durable_as_counterfoil)
    Base.metadata.create_all(engine)
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER_URL"]))
    consume(connection.channel(), os.environ["QUEUE"], sessionmaker(engine))


def _as_durable_as_counterfoil(connection: Any, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


if __name__ == "__main__":
    main()
