"""Row 12: storage is killed 25 times over a backlog of 500, with and without one message that it hangs on."""

from __future__ import annotations

from collections import Counter
from random import Random

import psycopg
import pytest

from shared.messaging.incoming import POISON_AT
from support.faulty.backlog import fill_storage_queue
from support.faulty.of_services import ServiceKilled
from support.faulty.stage import Stage, StartStage
from support.ledger_sources import stored_rows
from support.polling import eventually

BACKLOG = 500
KILLS = 25
SLOW = """
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_sleep(CASE WHEN NEW.id = '{poison}' THEN 60 ELSE 0.004 END); RETURN NEW; END $$;
CREATE TRIGGER slowly BEFORE INSERT ON submissions FOR EACH ROW EXECUTE FUNCTION slowly();
"""
"""A trigger that gives the test time to kill, and that a poison never comes out of: whoever inserts it is killed."""

HANGS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND now() - query_start > interval '1.5 s'"


def slow_down(stage: Stage, poison: str) -> None:
    with psycopg.connect(stage.database_url) as connection:
        connection.execute(SLOW.format(poison=poison).encode())


def crash_on(stage: Stage, count: int) -> None:
    """Kill the one storage service so many times, each after it has stored a few more rows, by seed."""
    storage, chance = stage.installation.storage[0], Random(stage.row.seed)  # noqa: S311 - a seeded fault
    kills = ServiceKilled(storage)
    for _ in range(count):
        enough = min(stage.trial.stored() + chance.randrange(2, 20), BACKLOG)
        eventually(lambda: stage.trial.stored() >= enough, 60, f"{enough} rows")  # noqa: B023 - called at once
        stage.scraped.note()
        kills.inject()
        kills.heal()
    stage.row.add(kills.evidence())


def end_orphans(stage: Stage) -> None:
    """End the statements of who was killed: PostgreSQL notices that only when they are through."""
    with psycopg.connect(stage.database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")


def hangs(stage: Stage) -> bool:
    with psycopg.connect(stage.database_url) as connection:
        found = connection.execute(HANGS).fetchone()
    return bool(found and found[0])


@pytest.fixture
def stage(start_stage: StartStage) -> Stage:
    """One storage service alone, small batches, and a backlog for it."""
    stage = start_stage(replicas=1, special={"storage": {"COUNTERFOIL_BATCH_SIZE": "10"}})
    assert stage.installation.storage[0].stop() == 0
    return stage


def test_row_12_the_innocents_are_stored(stage: Stage) -> None:
    fill_storage_queue(stage, BACKLOG)
    slow_down(stage, poison="00000000-0000-0000-0000-000000000000")
    stage.installation.storage[0].start()
    crash_on(stage, KILLS)
    verdict = stage.conclude(timeout_s=120)
    assert verdict.counts["rows"] == BACKLOG


def test_row_12_the_innocents_are_stored_and_the_poison_is_parked(stage: Stage) -> None:
    ids = fill_storage_queue(stage, BACKLOG)
    poison = Random(stage.row.seed).choice(ids)  # noqa: S311 - a seeded fault
    slow_down(stage, poison)
    kills = ServiceKilled(stage.installation.storage[0])
    stage.installation.storage[0].start()

    def parked() -> Counter[str]:
        return stage.installation.parked()

    while not parked():
        eventually(lambda: hangs(stage) or parked(), 60, "it hangs on the poison, or has parked it")
        if parked():
            break
        stage.scraped.note()
        kills.inject()
        end_orphans(stage)
        kills.heal()
        assert kills.kills <= KILLS, "the poison goes on ending the service"
    eventually(lambda: stage.trial.stored() >= BACKLOG - 1, 60, "the innocents are stored")
    assert parked() == Counter([poison])
    assert kills.kills >= POISON_AT, "vacuous: it was parked before it was known for what it is"
    assert {row.id for row in stored_rows(stage.database_url)} == set(ids) - {poison}
    stage.row.add(kills.evidence())
    stage.row.note({"parked": 1, "rows": BACKLOG - 1})
