"""A process that dies between the sending of a digest and its record, and two replicas that come after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import Engine, delete, select, update

from dev.mail_sink import MailSink
from notify_service.tables import DIGESTS, LEASES, MIGRATIONS, deliveries
from shared import database
from shared.messaging.failures import Delivery
from shared.messaging.message import message_of
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import STORAGE_QUERIES
from storage_service.records.lines import LineQueries
from storage_service.store.handler import StoreSubmissions
from storage_service.store.repository import SubmissionRepository
from support.digested import plain
from support.events import an_event
from support.migrating import migrate
from support.polling import eventually
from support.service import Service
from support.submission_databases import migrated

FORMS = """
[forms.signup]
title = "Sign up"
[forms.signup.confirmation]
enabled = false
[forms.signup.owner]
to = "owner@example.org"
digest = "weekly Mon 08:00"

[forms.plain]
[forms.plain.confirmation]
enabled = false
[forms.plain.owner]
to = "owner@example.org"
"""


@contextmanager
def storage_answering(engine: Engine, broker: RabbitMQ) -> Iterator[None]:
    server = broker.serve(STORAGE_QUERIES, LineQueries(engine).methods())
    try:
        yield
    finally:
        server.close()


def replicas_of(number: int, settings: dict[str, str], folder: Path) -> list[Service]:
    return [Service("notify", "notify_service", settings, folder / f"notify-{place}.log") for place in range(number)]


def of_digests(sink: MailSink) -> list[EmailMessage]:
    return [mail for mail in sink.messages() if ".digest@" in mail["Message-ID"]]


def test_a_death_after_it_left_sends_it_once_more_and_two_replicas_no_third_time(
    sqlite_url: str, tmp_path: Path, broker_url: str, mail_sink: MailSink
) -> None:
    forms = tmp_path / "forms.toml"
    forms.write_text(FORMS)
    engine = database.create(sqlite_url)
    migrate(engine, MIGRATIONS)
    settings = {
        "COUNTERFOIL_BROKER_URL": broker_url,
        "COUNTERFOIL_DATABASE_URL": sqlite_url,
        "COUNTERFOIL_SMTP_URL": mail_sink.url,
        "COUNTERFOIL_FORMS": str(forms),
        "COUNTERFOIL_SECRET": "s" * 32,
        "COUNTERFOIL_DIGEST_MOST": "2",  # what is beyond it goes at once: nobody waits for Monday
    }
    events = [replace(an_event(name=f"Ada {number}"), accepted_at=datetime.now(UTC)) for number in range(3)]
    events = [replace(one, receipt_url="https://forms.example.org/receipts/x") for one in events]
    broker = RabbitMQ(broker_url, name="test")
    publisher = broker.publisher()
    first, *others = replicas_of(3, settings, tmp_path)
    with migrated(f"sqlite:///{tmp_path}/storage.db") as stored, storage_answering(stored, broker):
        store = StoreSubmissions(
            SubmissionRepository(stored), announce=lambda _: None, clock=lambda: datetime.now(UTC), reach=lambda _: None
        )
        store([Delivery(one) for one in events])
        eventually(lambda: not publisher.missing(), 30, "the publisher is ready")
        first.start(COUNTERFOIL_FAILPOINT="digest-after-send")
        for one in events:
            publisher.publish(message_of(one), timeout_s=10)
        eventually(lambda: not first.is_running(), 60, f"it dies once the digest has left\n{first.tail()}")
        [once] = of_digests(mail_sink)
        assert (once["To"], once["Subject"]) == ("owner@example.org", "Sign up: 3 new submissions")
        assert once["List-Unsubscribe"].strip().startswith("<https://forms.example.org/unsubscribe/")
        assert [f"Ada {number}" in plain(once) for number in range(4)] == [True, True, False, False], "two lines"
        assert "… and 1 more" in plain(once)
        with engine.begin() as connection:  # as if its claim and its lease were over
            connection.execute(update(DIGESTS.digests).values(lease_until=datetime.now(UTC)))
            connection.execute(delete(LEASES).where(LEASES.c.name == "digests"))
        for other in others:
            other.start()
        eventually(lambda: states(engine) == ["sent"] * 3, 90, f"it is recorded\n{others[0].tail()}")
        publisher.publish(message_of(replace(an_event(form="plain"), accepted_at=datetime.now(UTC))), timeout_s=10)
        eventually(lambda: len(mail_sink.messages()) == 3, 60, "what has no digest goes by itself")
        ids = [mail["Message-ID"] for mail in of_digests(mail_sink)]
        assert (len(ids), len(set(ids))) == (2, 1)
        assert [one.stop() for one in others] == [0, 0]
    publisher.close()
    engine.dispose()


def states(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(deliveries.c.state).where(deliveries.c.form == "signup")))
