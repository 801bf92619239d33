"""The broker loses the messages of deliveries: storage gives their events back, and each is made once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine, select, update

from dev.broker import Broker
from dev.mail_sink import MailSink
from notify_service.tables import deliveries
from shared.messaging.topology import NOTIFY_HTTP, NOTIFY_SMTP, NOTIFY_SUBMISSIONS
from support.installation import Installation
from support.polling import eventually
from support.webhook_receiver import Receiver
from support.webhooks import SECRET

COUNT = 3
KILLED = 137
LONG_AGO = timedelta(hours=1)
TURN_S = 60.0
"""How long notify waits before it first looks."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def installation(tmp_path: Path, rabbitmq: Broker, mail_sink: MailSink, receiver: Receiver) -> Iterator[Installation]:
    forms = tmp_path / "forms.toml"
    forms.write_text(f'[forms.told]\nwebhook = {{url = "{receiver.url("/hook")}", secret = "{SECRET}"}}\n')
    settings = {"COUNTERFOIL_WEBHOOK_ALLOW": "127.0.0.1"}
    place, url = tmp_path / "installation", rabbitmq.fresh_vhost()
    with Installation(place, broker_url=url, smtp_url=mail_sink.url, forms=forms, settings=settings) as started:
        yield started


def test_what_the_broker_loses_comes_back_by_itself(
    installation: Installation, receiver: Receiver, mail_sink: MailSink
) -> None:
    notify = installation.notify[0]
    assert notify.stop() == 0
    for number in range(COUNT):
        notify.start(COUNTERFOIL_FAILPOINT="after-plan")
        fields = {"email": f"ada{number}@example.org"}
        assert requests.post(f"{installation.gateway_url}/f/told", json=fields, timeout=10).status_code == 202
        assert notify.wait(timeout_s=60) == KILLED, "vacuous: it did not die there"
        for work in (NOTIFY_SUBMISSIONS, NOTIFY_SMTP, NOTIFY_HTTP):
            while installation.queues.take(work.name):
                pass
    assert grow_old(installation) == 2 * COUNT
    notify.start()
    eventually(lambda: states(installation) == ["sent"] * (2 * COUNT), TURN_S + 60, f"each is sent\n{notify.tail()}")
    assert (len(receiver.at("/hook")), len(mail_sink.messages())) == (COUNT, COUNT), "and once"


def grow_old(installation: Installation) -> int:
    """Let everything that is planned be so since long ago, and return how many that is."""
    engine = create_engine(installation.database_urls["notify"])
    with engine.begin() as connection:
        rows = connection.execute(select(deliveries.c.id, deliveries.c.changed_at, deliveries.c.state)).all()
        assert {row.state for row in rows} <= {"pending"}, "vacuous: a message was taken before it was lost"
        for row in rows:
            then: datetime = row.changed_at - LONG_AGO
            moved = update(deliveries).where(deliveries.c.id == row.id)
            connection.execute(moved.values(created_at=then, changed_at=then, due_at=then))
    engine.dispose()
    return len(rows)


def states(installation: Installation) -> list[str]:
    engine = create_engine(installation.database_urls["notify"])
    with engine.connect() as connection:
        found = list(connection.scalars(select(deliveries.c.state)))
    engine.dispose()
    return found
