"""The notify service as a process: started, fed, killed, stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from dev.broker import Broker
from dev.mail_sink import MailSink
from notify_service.tables import MIGRATIONS
from shared import database
from shared.contracts import Announcement, ConfirmationChanged, SubmissionAccepted
from shared.messaging.broker import Answer, NoAnswer
from shared.messaging.message import message_of
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.routes import to
from shared.messaging.topology import NOTIFY_QUERIES, NOTIFY_SMTP, NOTIFY_SUBMISSIONS
from support.composed import bodies
from support.events import an_event
from support.migrating import migrate
from support.own_templates import written
from support.pace import stretched_s
from support.polling import eventually
from support.queues import Queues
from support.service import ROOT, Service, clean_environment
from support.smtp import ScriptedSmtp

Make = Callable[..., Service]
Publish = Callable[[list[SubmissionAccepted]], None]


@pytest.fixture
def make(broker_url: str, tmp_path: Path) -> Iterator[Make]:
    """Make a service on a migrated database; at the end of the test it must stop as told."""
    made: list[Service] = []

    def service(url: str, smtp_url: str, **settings: str) -> Service:
        engine = database.create(url)
        migrate(engine, MIGRATIONS)
        engine.dispose()
        settings = {
            "COUNTERFOIL_BROKER_URL": broker_url,
            "COUNTERFOIL_DATABASE_URL": url,
            "COUNTERFOIL_SMTP_URL": smtp_url,
            "COUNTERFOIL_FORMS": str(ROOT / "forms.example.toml"),
            **settings,
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

    def publish_all(events: list[SubmissionAccepted]) -> None:
        eventually(lambda: not publisher.missing(), 20, "the publisher is ready")
        for event in events:
            publisher.publish(message_of(event), timeout_s=10)

    yield publish_all
    publisher.close()


def ids(mails: list[EmailMessage]) -> list[str]:
    return sorted(mail["Message-ID"].removeprefix("<").partition(".email@")[0] for mail in mails)


def receipt(broker_url: str, event: SubmissionAccepted) -> Answer:
    client = RabbitMQ(broker_url, name="test").rpc_client()

    def ask() -> Answer | None:
        try:
            return client.ask(NOTIFY_QUERIES, "receipt", {"id": str(event.id)}).answer(timeout_s=5)
        except NoAnswer:  # not connected yet
            return None

    try:
        return eventually(ask, 20, "the query is answered")
    finally:
        client.close()


def held(broker: Broker, url: str, queue: str) -> int:
    """Return how many messages a queue has, those that a consumer did not ack yet included."""
    listed = broker.ctl("list_queues", "-p", url.rpartition("/")[2], "name", "messages", "--formatter", "json")
    return int({each["name"]: each["messages"] for each in json.loads(listed)}[queue])


def test_two_replicas_send_each_submission_one_mail_and_say_so(
    notify_database_url: str, rabbitmq: Broker, broker_url: str, mail_sink: MailSink, make: Make, publish: Publish
) -> None:
    announced: list[Announcement] = []
    watch = RabbitMQ(broker_url, name="test").watch(announced.append)
    replicas = [make(notify_database_url, mail_sink.url) for _ in range(2)]
    for replica in replicas:
        replica.start()
    queues = Queues(broker_url)
    eventually(lambda: queues.consumers(NOTIFY_SMTP.name) == 8, 30, "both consume over four connections each")
    events = [an_event(name=f"Ada {number}", email=f"ada{number}@example.org") for number in range(60)]
    publish([*events, *events[:20], *events[:20]])  # a visitor's retries carry the same id
    eventually(lambda: len(mail_sink.messages()) >= 60, 30, f"every mail is sent\n{replicas[0].tail()}")
    eventually(lambda: held(rabbitmq, broker_url, NOTIFY_SMTP.name) == 0, 60, "all of it is acked")
    eventually(lambda: len(announced) == 60, 20, "each change is announced")
    watch.close()
    assert all(replica.stop() == 0 for replica in replicas)
    assert ids(mail_sink.messages()) == sorted(str(event.id) for event in events)
    states = {one.confirmation.state for one in announced if isinstance(one, ConfirmationChanged)}
    assert states == {"sent"}


def test_a_receipt_tells_what_became_of_a_mail(sqlite_url: str, broker_url: str, make: Make, publish: Publish) -> None:
    with ScriptedSmtp() as server:
        service = make(sqlite_url, f"smtp://127.0.0.1:{server.port}")
        service.start()
        event, later = an_event(), an_event(email="canary@example.org")
        server.answering("rcpt", "550 canary@example.org is nobody")
        publish([event])
        eventually(lambda: "confirmation failed" in service.tail(), 20, f"it fails\n{service.tail()}")
        [failed] = receipt(broker_url, event)["confirmations"]
        assert (failed["channel"], failed["state"], failed["attempts"]) == ("email", "failed", 1)
        server.answering("rcpt", "450 canary@example.org is busy")
        publish([later])
        queues = Queues(broker_url)
        eventually(lambda: queues.depth(NOTIFY_SMTP.level_queue("30s")) == 1, 20, "it waits on the shortest level")
        [retrying] = receipt(broker_url, later)["confirmations"]
        assert (retrying["state"], retrying["attempts"]) == ("retrying", 1)
        assert "canary" not in service.tail(lines=1000)


def test_a_wrong_password_charges_nothing_and_mending_it_sends_everything(
    sqlite_url: str, broker_url: str, make: Make, publish: Publish
) -> None:
    with ScriptedSmtp() as server:
        server.answering("mail", "535 wrong password")
        service = make(sqlite_url, f"smtp://127.0.0.1:{server.port}")
        service.start()
        events = [an_event() for _ in range(10)]
        publish(events)
        eventually(lambda: "resting before the next try" in service.tail(), 30, f"the breaker opens\n{service.tail()}")
        assert service.stop() == 0, service.tail()
        assert Queues(broker_url).depth(NOTIFY_SMTP.name) == 10
        del server.answers["mail"]
        service.start()
        eventually(lambda: len(server.received) == 10, 30, f"all are sent\n{service.tail()}")
        assert {row["attempts"] for event in events for row in receipt(broker_url, event)["confirmations"]} == {1}


def test_a_death_after_the_record_doubles_nothing(
    notify_database_url: str, broker_url: str, mail_sink: MailSink, make: Make, publish: Publish
) -> None:
    events = [an_event() for _ in range(5)]
    service = make(notify_database_url, mail_sink.url, COUNTERFOIL_SMTP_CONNECTIONS="1")
    service.start(COUNTERFOIL_FAILPOINT="after-record")
    publish(events)
    assert service.wait(timeout_s=30) == 137, service.tail()
    service.start()
    queues = Queues(broker_url)
    eventually(lambda: len(mail_sink.messages()) >= 5 and queues.depth(NOTIFY_SMTP.name) == 0, 30, "all are sent")
    assert service.stop() == 0, service.tail()
    assert queues.depth(NOTIFY_SMTP.name) == 0
    assert ids(mail_sink.messages()) == sorted(str(event.id) for event in events)


def test_the_owners_mail_leads_to_the_page_of_the_submission(
    sqlite_url: str, mail_sink: MailSink, make: Make, publish: Publish
) -> None:
    told = {"COUNTERFOIL_OWNER_MAIL": "owner@example.org", "COUNTERFOIL_PUBLIC_URL": "https://forms.example.org/"}
    service = make(sqlite_url, mail_sink.url, **told)
    service.start()
    event = an_event()
    publish([event])

    def to_the_owner() -> list[EmailMessage]:
        return [mail for mail in mail_sink.messages() if mail["To"] == "owner@example.org"]

    [mail] = eventually(to_the_owner, 30, f"the owner has a mail\n{service.tail()}")
    assert all(f"https://forms.example.org/console/submissions/{event.id}" in body for body in bodies(mail))


def test_changed_templates_count_without_a_restart_and_wrong_ones_never(
    sqlite_url: str, mail_sink: MailSink, make: Make, publish: Publish, tmp_path: Path
) -> None:
    own = written(tmp_path / "templates", en_body_txt="one")
    service = make(sqlite_url, mail_sink.url, COUNTERFOIL_TEMPLATES=str(own))
    service.start()

    def next_text() -> str:
        before = len(mail_sink.messages())
        publish([an_event()])
        mails = eventually(lambda: mail_sink.messages()[before:], 20, f"a mail comes\n{service.tail()}")
        return bodies(mails[0])[0]

    assert next_text() == "one"
    written(own, en_body_txt="{{ typo }}")
    eventually(lambda: "there is no variable typo" in service.tail(), 10, "what is wrong is logged")
    assert next_text() == "one"
    written(own, en_body_txt="two")
    eventually(lambda: "changed templates are taken over" in service.tail(), 10, "it is taken over")
    assert next_text() == "two"


def test_a_form_that_comes_later_is_waited_for(
    sqlite_url: str, broker_url: str, mail_sink: MailSink, make: Make, publish: Publish
) -> None:
    service = make(sqlite_url, mail_sink.url)
    service.start()
    publish([replace(an_event(), form="tomorrow")])
    queues = Queues(broker_url)
    eventually(lambda: queues.depth(NOTIFY_SUBMISSIONS.level_queue("30s")) == 1, 20, f"it waits\n{service.tail()}")
    assert "'tomorrow' is not in this service's forms file" in service.tail()


def test_what_is_wrong_is_refused_at_the_start(sqlite_url: str, tmp_path: Path, make: Make) -> None:
    service = make(sqlite_url, "mail.example.org", COUNTERFOIL_MAIL_FROM="nobody")
    service.start()
    assert service.wait(timeout_s=30) == 2
    assert "COUNTERFOIL_SMTP_URL" in service.tail()
    assert "COUNTERFOIL_MAIL_FROM" in service.tail()
    forms = tmp_path / "forms.toml"
    forms.write_text('[forms.a.fields]\nname = {type = "text"}\n[forms.a.confirmation]\nsubject = "{nmae}"\n')
    service = make(sqlite_url, "smtp://127.0.0.1", COUNTERFOIL_FORMS=str(forms))
    service.start()
    assert service.wait(timeout_s=30) == 2
    assert "forms.a.confirmation.subject: {nmae} is no field of this form; its fields: name" in service.tail()


def test_a_database_that_was_not_migrated_is_refused_with_the_mend(empty_database_url: str, broker_url: str) -> None:
    environment = clean_environment() | {
        "COUNTERFOIL_BROKER_URL": broker_url,
        "COUNTERFOIL_DATABASE_URL": empty_database_url,
        "COUNTERFOIL_SMTP_URL": "smtp://127.0.0.1",
        "COUNTERFOIL_FORMS": str(ROOT / "forms.example.toml"),
    }
    command = [sys.executable, "-m", "notify_service"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=stretched_s(60))
    assert done.returncode == 2
    assert "python -m notify_service migrate" in done.stderr


def test_a_submission_that_is_planned_is_mailed_once_and_tells_of_itself(
    notify_database_url: str, rabbitmq: Broker, broker_url: str, mail_sink: MailSink, make: Make
) -> None:
    service = make(notify_database_url, mail_sink.url)
    service.start()
    publisher = RabbitMQ(broker_url, name="test").publisher()
    eventually(lambda: not publisher.missing(), 20, "the publisher is ready")
    events = [an_event(name=f"Ada {number}", email=f"ada{number}@example.org") for number in range(40)]
    for event in [*events, *events[:10]]:  # a visitor's retries carry the same id
        publisher.publish(message_of(event), timeout_s=10, to=to(NOTIFY_SUBMISSIONS))
    publisher.close()
    eventually(lambda: len(mail_sink.messages()) >= 40, 30, f"every mail is sent\n{service.tail()}")
    for work in (NOTIFY_SUBMISSIONS, NOTIFY_SMTP):
        eventually(lambda: held(rabbitmq, broker_url, work.name) == 0, 60, "all of it is acked")  # noqa: B023
    assert ids(mail_sink.messages()) == sorted(str(event.id) for event in events)
    [confirmation] = receipt(broker_url, events[0])["confirmations"]
    assert (confirmation["channel"], confirmation["state"]) == ("email", "sent")
