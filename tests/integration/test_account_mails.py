"""Mails with links into accounts, over a real broker, a real mail server and both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select

from dev.mail_sink import MailSink
from dev.processes import free_port
from notify_service.account_mails.claims import KEPT_FOR, MailClaims, forget_old_mails
from notify_service.suppression.suppression import Suppression
from notify_service.suppression.table import SuppressionTable
from notify_service.tables import MIGRATIONS, account_mails
from shared import database
from shared.contracts import AccountMail
from shared.links.addresses import AddressKey
from shared.messaging.message import Message, message_of
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import NOTIFY_ACCOUNTS
from support.account_mails import SECRET, an_account_mail
from support.confirmations import NOON
from support.metrics import scrape
from support.migrating import migrate
from support.polling import eventually
from support.queues import Queues
from support.service import ROOT, Service
from support.smtp import ScriptedSmtp

HOUR = timedelta(hours=1)
Make = Callable[..., Service]
Publish = Callable[[Message], None]


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


def test_a_mail_is_claimed_by_one_and_again_only_where_that_one_failed(engine: Engine) -> None:
    claims, mail, end = MailClaims(engine), uuid4(), NOON + 72 * HOUR
    assert claims.claim(mail, end, now=NOON, until=NOON + HOUR)
    assert not claims.claim(mail, end, now=NOON, until=NOON + HOUR)
    claims.release(mail)
    assert claims.claim(mail, end, now=NOON, until=NOON + HOUR)
    assert claims.claim(mail, end, now=NOON + HOUR, until=NOON + 2 * HOUR), "whoever had it has died"
    assert not claims.is_sent(mail)
    claims.record_sent(mail, NOON, None, "a…@example.org")
    assert claims.is_sent(mail)
    assert not claims.claim(mail, end, now=NOON + 9 * HOUR, until=NOON + 10 * HOUR)
    assert not claims.is_sent(uuid4())


def test_of_many_at_once_one_has_it(engine: Engine) -> None:
    claims, mail = MailClaims(engine), uuid4()

    def claim(_: int) -> bool:
        return claims.claim(mail, NOON + HOUR, now=NOON, until=NOON + HOUR)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(claim, range(16))) == 1


def test_what_was_sent_is_forgotten_a_week_after_its_link(engine: Engine) -> None:
    claims = MailClaims(engine)
    claims.claim(uuid4(), NOON, now=NOON - HOUR, until=NOON)
    claims.claim(uuid4(), NOON + HOUR, now=NOON - HOUR, until=NOON)
    forget_old_mails(engine, NOON + KEPT_FOR + HOUR / 2)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(account_mails)) == 1


@pytest.fixture
def make(broker_url: str, sqlite_url: str, tmp_path: Path) -> Iterator[Make]:
    """Make the notify service; at the end of the test it must stop as told."""
    engine = database.create(sqlite_url)
    migrate(engine, MIGRATIONS)
    engine.dispose()
    made: list[Service] = []

    def service(smtp_url: str, **others: str) -> Service:
        settings = {
            "COUNTERFOIL_BROKER_URL": broker_url,
            "COUNTERFOIL_DATABASE_URL": sqlite_url,
            "COUNTERFOIL_SMTP_URL": smtp_url,
            "COUNTERFOIL_FORMS": str(ROOT / "forms.example.toml"),
            **others,
        }
        made.append(Service("notify", "notify_service", settings, tmp_path / f"notify-{len(made)}.log"))
        return made[-1]

    yield service
    for one in made:
        if one.is_running():
            assert one.stop() == 0, one.tail()


@pytest.fixture
def publish(broker_url: str) -> Iterator[Publish]:
    publisher = RabbitMQ(broker_url, name="test").publisher()
    eventually(lambda: not publisher.missing(), 20, "the publisher is ready")
    yield lambda message: publisher.publish(message, timeout_s=10)
    publisher.close()


def soon(**others: object) -> AccountMail:
    return an_account_mail(**{"expires_at": datetime.now(UTC) + 72 * HOUR, **others})


def test_what_waits_for_a_notify_that_knows_it_is_sent_once_and_never_parked(
    broker_url: str, mail_sink: MailSink, make: Make, publish: Publish
) -> None:
    """An older notify does not look at this queue: all of it is there when a newer one comes."""
    asked, queues = soon(), Queues(broker_url)
    expired = soon(expires_at=datetime.now(UTC) - HOUR)
    for event in (asked, expired, asked):
        publish(message_of(event))
    publish(Message(AccountMail.TYPE, str(uuid4()), b'{"link": "' + SECRET.encode()))
    assert queues.depth(NOTIFY_ACCOUNTS.name) == 4
    service = make(mail_sink.url)
    service.start()
    eventually(lambda: len(mail_sink.messages()) == 1, 30, f"it is sent\n{service.tail()}")
    eventually(lambda: '"event": "dropped"' in service.tail(1000), 30, f"what is none is dropped\n{service.tail()}")
    assert service.stop() == 0, service.tail()
    [mail] = mail_sink.messages()
    assert mail["To"] == asked.to
    assert queues.depth(NOTIFY_ACCOUNTS.name) == queues.depth(NOTIFY_ACCOUNTS.parked) == 0
    said = service.tail(10_000)
    assert "account mail not sent" in said
    assert SECRET not in said
    assert asked.to not in said


def test_one_whose_sender_is_killed_is_sent_by_the_next(mail_sink: MailSink, make: Make, publish: Publish) -> None:
    service, asked = make(mail_sink.url, COUNTERFOIL_SMTP_TIMEOUT_S="5"), soon()
    service.start(COUNTERFOIL_FAILPOINT="account-mail-before-send")
    publish(message_of(asked))
    assert service.wait(timeout_s=30) == 137, service.tail()
    service.start()
    eventually(lambda: len(mail_sink.messages()) == 1, 60, f"its claim ends, and it is sent\n{service.tail()}")
    assert "another is sending it" in service.tail(1000)


def test_one_that_the_server_puts_off_waits_on_a_delay_level_and_one_it_refuses_is_gone(
    broker_url: str, make: Make, publish: Publish
) -> None:
    with ScriptedSmtp() as server:
        service, queues = make(f"smtp://127.0.0.1:{server.port}"), Queues(broker_url)
        service.start()
        server.answering("rcpt", "450 busy")
        publish(message_of(soon()))
        level = NOTIFY_ACCOUNTS.level_queue("30s")
        eventually(lambda: queues.depth(level) == 1, 30, f"it waits\n{service.tail()}")
        server.answering("rcpt", "550 nobody")
        publish(message_of(soon()))
        eventually(lambda: '"outcome": "refused"' in service.tail(1000), 30, f"it is refused\n{service.tail()}")
        assert service.stop() == 0, service.tail()
        assert queues.depth(NOTIFY_ACCOUNTS.parked) == queues.depth(NOTIFY_ACCOUNTS.name) == 0
        assert SECRET not in service.tail(10_000)


def test_one_to_an_address_that_is_sent_none_is_not_sent_and_each_is_counted(
    sqlite_url: str, mail_sink: MailSink, make: Make, publish: Publish
) -> None:
    secret, metrics = "of this test, and longer than thirty-two", f"127.0.0.1:{free_port()}"
    settings = {"COUNTERFOIL_SECRET": secret, "COUNTERFOIL_METRICS_BIND": metrics}
    service, stopped, sent = make(mail_sink.url, **settings), soon(to="grace@stopped.example.org"), soon()
    engine = database.create(sqlite_url)
    suppression = Suppression(AddressKey(secret), SuppressionTable(engine))
    suppression.suppress_address(stopped.to, "complained", datetime.now(UTC), by=None, said=None)
    engine.dispose()
    service.start()
    for event in (stopped, sent):
        publish(message_of(event))

    def counted() -> dict[str, float]:
        seen = scrape(f"http://{metrics}")
        outcomes = ("sent", "suppressed", "refused", "expired")
        return {one: seen.value("counterfoil_account_mails_total", outcome=one) for one in outcomes}

    eventually(lambda: len(mail_sink.messages()) == 1, 30, f"the other one is sent\n{service.tail()}")
    expected = {"sent": 1, "suppressed": 1, "refused": 0, "expired": 0}
    eventually(lambda: counted() == expected, 30, f"both are counted\n{service.tail()}")
    assert [mail["To"] for mail in mail_sink.messages()] == [sent.to]
    assert service.stop() == 0, service.tail()
