"""Row 14: PostgreSQL is away while submissions come; storage holds what it has and nothing is counted against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.broker import Broker
from dev.postgres import Postgres
from shared.messaging.topology import STORAGE
from support.ledger_trial import StartTrial
from support.polling import eventually

COUNT = 300


@pytest.fixture
def mortal_postgres(server_directory: Path) -> Iterator[Postgres]:
    """A PostgreSQL server that this test kills."""
    with Postgres(server_directory / "mortal-postgres") as server:
        yield server


def test_storage_holds_while_the_database_is_away(
    start_trial: StartTrial, rabbitmq: Broker, mortal_postgres: Postgres
) -> None:
    trial = start_trial(rabbitmq, database_url=mortal_postgres.create_database("counterfoil"))
    storage, queues = trial.installation.storage[0], trial.installation.queues
    trial.load(50).wait(timeout_s=30)
    eventually(lambda: trial.stored() == 50, 30, "the first fifty are stored")
    mortal_postgres.kill()
    trial.load(COUNT, first=50).wait(timeout_s=60)
    eventually(lambda: storage.log.read_text().count('"holding"') >= 3, 60, "storage probes the database")
    assert storage.stop() == 0, "a storage service that holds ends in order"
    counts = [(properties.headers or {}).get("x-delivery-count", 0) for _, properties in queues.peek(STORAGE.name)]
    assert len(counts) >= COUNT, "vacuous: it was not held"
    assert set(counts) <= {0, 1}, "the database's absence was charged to the messages"
    mortal_postgres.start()
    storage.start()
    assert trial.conclude().counts["rows"] == COUNT + 50
