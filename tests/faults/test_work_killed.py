"""The console is killed around the commit that releases a submission: another process publishes it, once, or nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from sqlalchemy import Engine

from shared.contracts import SubmissionReleased
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import NOTIFY_REQUESTS
from storage_service.accounts.keys import Keys
from support.console_server import ConsoleServer
from support.events import an_event
from support.polling import eventually
from support.queues import Queues
from support.submission_databases import migrated, store
from support.working import record_of, verdicts


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def queues(broker_url: str) -> Queues:
    """The queues, declared: a console declares none."""
    publisher = RabbitMQ(broker_url, name="test").publisher()
    eventually(lambda: not publisher.missing(), 20, "the topology stands")
    publisher.close()
    return Queues(broker_url)


@pytest.mark.parametrize("point", ["work-before-commit", "work-after-commit"])
def test_a_release_is_published_once_or_was_never_made(
    engine: Engine, database_url: str, broker_url: str, queues: Queues, tmp_path: Path, point: str
) -> None:
    event = replace(an_event(), spam="honeypot")
    store(engine, event)
    key, address = Keys(engine).add("ada", ["read", "write"], None, None), f"/v1/submissions/{event.id}/not-spam"
    is_made = point == "work-after-commit"

    def console(name: str, **settings: str) -> ConsoleServer:
        return ConsoleServer(tmp_path, database_url=database_url, broker_url=broker_url, name=name, **settings)

    with console("dies", COUNTERFOIL_FAILPOINT=point) as dies, pytest.raises(requests.RequestException):
        dies.ask(address, key, method="POST")
    assert (record_of(engine, event.id).spam is None) == is_made
    assert len(verdicts(engine)) == is_made, "vacuous: who died has published it"
    with console("lives") as lives:
        eventually(lambda: verdicts(engine) == [], 60, "the outbox is empty: the lease of the dead has ended")
        assert len(queues.peek(NOTIFY_REQUESTS.name)) == is_made
        assert lives.ask(address, key, method="POST").json()["version"] == 2
        eventually(lambda: queues.depth(NOTIFY_REQUESTS.name) == 1, 60, "it is published")
        [(body, _)] = queues.peek(NOTIFY_REQUESTS.name)
        assert SubmissionReleased.decode(body) == SubmissionReleased(2, replace(event, spam=None))
