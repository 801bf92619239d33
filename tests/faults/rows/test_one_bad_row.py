"""Row 17: the database refuses one row of a hundred in one batch: ninety-nine are stored, one is parked."""

from __future__ import annotations

from collections import Counter

import psycopg

from shared.messaging.topology import STORAGE
from support.faulty.stage import StartStage
from support.ledger_sources import stored_rows
from support.polling import eventually

BATCH = 100
REFUSAL = "ALTER TABLE submissions ADD CONSTRAINT refused_by_the_test CHECK (fields::text NOT LIKE '%{address}%')"


def test_row_17_one_bad_row(start_stage: StartStage) -> None:
    stage = start_stage(replicas=1)
    storage = stage.installation.storage[0]
    assert storage.stop() == 0
    stage.load(BATCH).wait(timeout_s=60)
    entries = stage.trial.ledger.snapshot()
    bad = entries[stage.row.seed % BATCH]
    with psycopg.connect(stage.database_url) as connection:
        connection.execute(REFUSAL.format(address=bad.address).encode())
    eventually(lambda: stage.queues.depth(STORAGE.name) >= BATCH, 30, "the whole batch waits")
    storage.start()
    parked = Counter(
        attempt.id for attempt in bad.attempts if attempt.outcome == "acked"
    )  # each of its messages is refused
    eventually(lambda: stage.installation.parked() == parked, 60, "exactly the bad one is parked")
    eventually(lambda: stage.trial.stored() == BATCH - 1, 60, "ninety-nine rows")
    assert {row.id for row in stored_rows(stage.database_url)} == {i for each in entries for i in each.ids} - bad.ids
    eventually(lambda: stage.trial.mailed() == BATCH, 60, "all are confirmed: notify knows nothing of it")
    stage.row.note({"acked": BATCH, "rows": BATCH - 1, "parked": parked.total()})
