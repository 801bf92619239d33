"""Row 17: one row of a batch that the database refuses is parked; the ninety-nine others are stored."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import text

from dev.broker import Broker
from shared import database
from shared.messaging.topology import STORAGE
from support.ledger_trial import StartTrial
from support.parked_rows import parked_rows
from support.polling import eventually

BATCH = 100
REFUSAL = """
CREATE TRIGGER refuse_one BEFORE INSERT ON submissions
WHEN NEW.fields LIKE '%{address}%' BEGIN SELECT RAISE(ABORT, 'refused by the test'); END
"""


def test_one_bad_row_in_a_batch_of_a_hundred(start_trial: StartTrial, rabbitmq: Broker) -> None:
    trial = start_trial(rabbitmq)
    storage, queues = trial.installation.storage[0], trial.installation.queues
    storage.stop()
    trial.load(BATCH).wait(timeout_s=60)
    bad = trial.ledger.snapshot()[BATCH // 2]
    engine = database.create(trial.database_url)
    with engine.begin() as connection:
        connection.execute(text(REFUSAL.format(address=bad.address)))
    engine.dispose()
    eventually(lambda: queues.depth(STORAGE.name) >= BATCH, 30, "the whole batch waits")
    storage.start()
    eventually(lambda: trial.stored() == BATCH - 1, 60, "ninety-nine rows")
    eventually(lambda: trial.installation.parked() == Counter(bad.ids), 30, "exactly the bad one is parked")
    eventually(
        lambda: trial.mailed() == BATCH, 60, "all hundred are confirmed: notify knows nothing of storage's trouble"
    )
    [row] = parked_rows(trial.database_url, "storage")
    assert "SQLITE_CONSTRAINT" in row.reason
