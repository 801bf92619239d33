"""What an installation holds, read from where it keeps it: databases, mail sink, parked queues; or over its API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from pika.adapters.blocking_connection import BlockingChannel
from sqlalchemy import func, select

from dev.mail_sink import mails
from shared import database
from shared.contracts import fingerprint
from shared.messaging.topology import WORK_QUEUES
from storage_service.tables import submissions
from support.ledger_verdict import Holdings, StoredRow
from support.queues import Queues

PAGE = 200


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


def mail_counts(directory: Path) -> Counter[str]:
    """Return how many mails each address got, by the envelopes the mail sink noted."""
    return Counter(address for path in mails(directory) for address in _recipients(path))


def parked_messages(queues: Queues) -> Counter[str]:
    """Return the message ids of all that is parked; it stays where it is."""
    ids: Counter[str] = Counter()
    for name in {work.parked for work in WORK_QUEUES}:
        ids.update(properties.message_id or "" for _, properties in queues.peek(name))
    return ids


def waiting_messages(queues: Queues) -> dict[str, int]:
    """Return the depths of the work queues and delay levels that are not empty."""
    names = [name for work in WORK_QUEUES for name in (work.name, *map(work.level_queue, work.levels_s))]

    def depths(channel: BlockingChannel) -> dict[str, int]:
        return {name: channel.queue_declare(name, passive=True).method.message_count for name in names}

    return {name: depth for name, depth in queues.on_channel(depths).items() if depth}


def holdings_by_api(gateway_url: str, api_key: str, form: str) -> Holdings:
    """Return what an operator sees of one form: rows and confirmations, but nobody's mailbox."""
    rows, confirmed, failed = [], set(), set()
    for listed in _listed(gateway_url, api_key, form):
        submission_id = str(listed["id"])
        rows.append(StoredRow(submission_id, fingerprint(listed["fields"])))
        states = _confirmation_states(gateway_url, api_key, submission_id)
        if states and states <= {"sent"}:
            confirmed.add(submission_id)
        elif "failed" in states:
            failed.add(submission_id)
    return Holdings(rows, mailed=None, confirmed=frozenset(confirmed), failed=frozenset(failed))


def _recipients(path: Path) -> list[str]:
    with path.open("rb") as lines:
        for line in lines:
            name, _, value = line.decode("utf-8", "replace").partition(":")
            if name == "X-Envelope-To":
                return [address.strip() for address in value.split(",")]
    return []


def _listed(gateway_url: str, api_key: str, form: str) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = _get(f"{gateway_url}/v1/forms/{form}/submissions", api_key, {"limit": PAGE, "cursor": cursor})
        yield from page["submissions"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _confirmation_states(gateway_url: str, api_key: str, submission_id: str) -> set[str]:
    shown = _get(f"{gateway_url}/v1/submissions/{submission_id}", api_key, {})
    return {confirmation["state"] for confirmation in shown["confirmations"]}


def _get(url: str, api_key: str, parameters: dict[str, str | int | None]) -> dict[str, Any]:
    answer = requests.get(url, params=parameters, headers={"Authorization": f"Bearer {api_key}"}, timeout=10)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
