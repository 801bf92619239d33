"""Row 13: what storage stored over a connection that was lost is acked late, and what it has by then is not acked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pika
import psycopg
from pika.adapters.blocking_connection import BlockingChannel

from shared.messaging.topology import STORAGE
from support.faulty.backlog import fill_storage_queue
from support.faulty.of_services import ServiceKilled
from support.faulty.of_the_network import Away
from support.faulty.stage import Stage, StartStage, Tie
from support.polling import eventually

COUNT = 20
TIE: Tie = "storage-broker"
GATE = """
CREATE TABLE kept_out AS SELECT unnest(%s::uuid[]) AS id;
CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  WHILE EXISTS (SELECT FROM kept_out WHERE id = NEW.id) LOOP PERFORM pg_sleep(0.02); END LOOP; RETURN NEW; END $$;
CREATE TRIGGER gate BEFORE INSERT ON submissions FOR EACH ROW EXECUTE FUNCTION gate();
"""
"""A row is stored when its id is kept out no longer. Not a lock: storage gives that up after some seconds."""

WAITS = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


@contextmanager
def gated(stage: Stage, ids: list[str]) -> Iterator[psycopg.Connection]:
    """Keep out these, while the `with` lasts; whoever waits at its end is ended."""
    with psycopg.ClientCursor(psycopg.connect(stage.database_url, autocommit=True)) as gate:
        gate.execute(GATE, [ids])
        yield gate.connection
        gate.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        gate.execute("TRUNCATE kept_out")


def take_what_came_back(stage: Stage, channel: BlockingChannel) -> str:
    """Take what storage had before its connection was lost, as another replica would; return its id."""
    eventually(lambda: stage.queues.depth(STORAGE.name) == COUNT, 30, "all are on the queue again")
    method, properties, _ = channel.basic_get(STORAGE.name)
    assert method is not None
    assert method.redelivered, "vacuous: storage never had it"
    assert properties is not None
    return str(properties.message_id)


def test_row_13_a_late_ack(start_stage: StartStage) -> None:
    stage = start_stage(through=[TIE], replicas=1)
    storage = stage.installation.storage[0]
    assert storage.stop() == 0
    ids = fill_storage_queue(stage, COUNT)
    taker = pika.BlockingConnection(pika.URLParameters(stage.broker_url))
    kill = ServiceKilled(storage)
    with gated(stage, ids) as gate, taker:
        storage.start()
        eventually(lambda: gate.execute(WAITS).fetchall(), 30, "it is at its first row")
        with stage.harmed(Away(stage.proxies[TIE])):
            first = take_what_came_back(stage, taker.channel())
        eventually(lambda: stage.queues.depth(STORAGE.name) == COUNT - 2, 30, "it has another, by the same number")
        gate.execute("DELETE FROM kept_out WHERE id = %s", [first])
        eventually(lambda: stage.trial.stored() == 1, 30, "the first row stands, and is acked too late")
        eventually(lambda: gate.execute(WAITS).fetchall(), 30, "it is at what it has now")
        stage.scraped.note()
        kill.inject()
    stage.row.add(kill.evidence())
    kill.heal()
    assert stage.conclude().counts["acked"] == COUNT
