"""Reads what an installation holds from its databases and its mail sink."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pika.adapters.blocking_connection import BlockingChannel
from sqlalchemy import func, select

from counterfoil_ledger import mails
from counterfoil_ledger.holdings import StoredRow
from notify_service.channels.registry import told_as
from notify_service.tables import deliveries
from shared import database
from shared.contracts import fingerprint
from shared.messaging.topology import WORK_QUEUES
from storage_service.tables import delivery_states, submissions
from support.queues import Queues


def stored_rows(database_url: str) -> list[StoredRow]:
    """Return every row of the storage service, its hash computed from its fields."""
    engine = database.create(database_url)
    with database.reading(engine).connect() as connection:
        found = connection.execute(select(submissions.c.id, submissions.c.fields)).all()
    engine.dispose()
    return [StoredRow(str(row.id), fingerprint(row.fields)) for row in found]


def stored_count(database_url: str) -> int:
    """Return how many rows there are."""
    engine = database.create(database_url)
    with database.reading(engine).connect() as connection:
        count: int = connection.execute(select(func.count()).select_from(submissions)).scalar_one()
    engine.dispose()
    return count


def failed_ids(database_url: str) -> frozenset[str]:
    """Return the submissions whose confirmation by mail has visibly failed, as the notify service's table says."""
    engine = database.create(database_url)
    failed = (deliveries.c.state == "failed") & (deliveries.c.channel == "confirmation")
    with database.reading(engine).connect() as connection:
        found = connection.execute(select(deliveries.c.submission_id).where(failed)).scalars().all()
    engine.dispose()
    return frozenset(map(str, found))


def deliveries_of(database_url: str) -> dict[str, Counter[tuple[str, str]]]:
    """Return every delivery in the notify service's table, by its submission, channel and state."""
    engine, found = database.create(database_url), dict[str, Counter[tuple[str, str]]]()
    with database.reading(engine).connect() as connection:
        for row in connection.execute(select(deliveries.c.submission_id, deliveries.c.channel, deliveries.c.state)):
            found.setdefault(str(row.submission_id), Counter())[told_as(row.channel), row.state] += 1
    engine.dispose()
    return found


def untold(storage_url: str, notify_url: str) -> frozenset[str]:
    """Return the deliveries that failed, are held or are cancelled, and that storage does not know to be so."""
    notify, storage = database.create(notify_url), database.create(storage_url)
    out_of_the_ordinary = deliveries.c.state.in_(("failed", "held", "cancelled", "suppressed", "bounced"))
    with database.reading(notify).connect() as connection:
        wanted = connection.execute(select(deliveries.c.id, deliveries.c.state).where(out_of_the_ordinary)).all()
    with database.reading(storage).connect() as connection:
        told = connection.execute(select(delivery_states.c.delivery_id, delivery_states.c.state)).all()
    for engine in (notify, storage):
        engine.dispose()
    known = {(row.delivery_id, row.state) for row in told}
    as_known = {"suppressed": "failed", "bounced": "failed"}
    return frozenset(
        f"{row.id} {row.state}" for row in wanted if (row.id, as_known.get(row.state, row.state)) not in known
    )


def mail_counts(directory: Path) -> Counter[str]:
    """Return how many mails each address got, by the envelopes the mail sink noted."""
    return mails.mail_counts(str(directory))


def waiting_messages(queues: Queues) -> dict[str, int]:
    """Return the depths of the work queues and delay levels that are not empty."""
    names = [name for work in WORK_QUEUES for name in (work.name, *map(work.level_queue, work.levels_s))]

    def depths(channel: BlockingChannel) -> dict[str, int]:
        return {name: channel.queue_declare(name, passive=True).method.message_count for name in names}

    return {name: depth for name, depth in queues.on_channel(depths).items() if depth}
