"""The check itself: what is changed by hand in a real database or a real mail sink is found, and named.

By hand means SQL behind the storage service's back, and files taken from the sink or put there.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import pika
import pytest
from sqlalchemy import Connection, delete, insert, select, update

from counterfoil_ledger.__main__ import main
from counterfoil_ledger.records import Entry, Ledger
from dev.broker import Broker
from dev.mail_sink import MailSink
from shared import database
from shared.contracts import DeliveryDue
from shared.messaging.message import PARKED_FROM_HEADER
from shared.messaging.topology import NOTIFY_SMTP, STORAGE
from storage_service.tables import PARKED, submissions
from support.events import an_event
from support.installation import Installation
from support.ledger_trial import sqlite_of
from support.parked_rows import parked_rows
from support.polling import eventually

COUNT = 12


@dataclass
class World:
    """A small installation, the ledger of what was sent to it, and its parts for whoever meddles."""

    installation: Installation
    sink: MailSink
    broker_url: str
    path: Path

    @property
    def victim(self) -> Entry:
        """The submission that is meddled with."""
        return Ledger(self.path).snapshot()[COUNT // 2]

    @property
    def victim_id(self) -> str:
        """Its id."""
        (found,) = self.victim.ids
        return found

    def check(self, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
        """Run the command and return its exit code and what it printed."""
        capsys.readouterr()
        places = ("--mails", str(self.sink.directory), "--broker-url", self.broker_url, "--timeout-s", "60")
        return main(["check", str(self.path), *places, *more]), capsys.readouterr().out

    def mail(self) -> Path:
        """The victim's mail."""
        address = f"X-Envelope-To: {self.victim.address}\r\n".encode()
        return next(path for path in self.sink.directory.glob("*.eml") if address in path.read_bytes())


@contextmanager
def by_hand(world: World) -> Iterator[Connection]:
    """Open the storage service's database behind its back, and commit at the end."""
    engine = database.create(sqlite_of(world.installation.directory))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def parked(message_id: str) -> pika.BasicProperties:
    """Return what a parked message bears."""
    return pika.BasicProperties(message_id=message_id, delivery_mode=2)


@pytest.fixture(scope="module")
def whole(rabbitmq: Broker, server_directory: Path) -> Iterator[World]:
    """An installation with a dozen submissions, all worked off."""
    place, broker_url = server_directory / "by-hand", rabbitmq.fresh_vhost()
    sink = MailSink(server_directory / "by-hand-mail")
    with sink, Installation(place, consoles=1, broker_url=broker_url, smtp_url=sink.url) as installation:
        path = place / "ledger.jsonl"
        order = ("--submissions", str(COUNT), "--rate", "1000", "--ledger", str(path))
        assert main(["run", installation.gateway_url, *order]) == 0
        yield World(installation, sink, broker_url, path)


@pytest.fixture
def world(whole: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    """The installation, whole before a test and put back as it was after it."""
    monkeypatch.setenv("COUNTERFOIL_API_KEY", whole.installation.api_key)
    code, said = whole.check(capsys, "--alone")
    assert code == 0, said
    mails = {path: path.read_bytes() for path in whole.sink.directory.glob("*.eml")}
    with by_hand(whole) as connection:
        rows = [row._asdict() for row in connection.execute(select(submissions))]
    yield whole
    with by_hand(whole) as connection:
        connection.execute(delete(PARKED.actions))
        connection.execute(delete(PARKED.messages))
        connection.execute(delete(submissions))
        connection.execute(insert(submissions), rows)
    for path in whole.sink.directory.glob("*.eml"):
        path.unlink()
    for path, content in mails.items():
        path.write_bytes(content)


def test_a_row_deleted_by_hand(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with by_hand(world) as connection:
        connection.execute(delete(submissions).where(submissions.c.id == UUID(world.victim_id)))
    code, said = world.check(capsys, "--timeout-s", "1")
    assert code == 1
    assert f"not so: I1 every 202 is stored\n  {world.victim_id}\n" in said


def test_a_row_changed_by_hand(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    changed = {"name": "Somebody Else", "email": world.victim.address}
    with by_hand(world) as connection:
        row = submissions.c.id == UUID(world.victim_id)
        connection.execute(update(submissions).where(row).values(fields=changed))
    code, said = world.check(capsys)
    assert code == 1
    assert f"not so: I2 stored as sent\n  {world.victim_id}\n" in said


def test_a_row_added_by_hand(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    double = uuid4()
    with by_hand(world) as connection:
        row = connection.execute(select(submissions).where(submissions.c.id == UUID(world.victim_id))).one()
        connection.execute(insert(submissions).values({**row._asdict(), "id": double}))
    code, said = world.check(capsys)
    assert code == 1
    assert f"not so: I1 one row a submission\n  {double}\n" in said


def test_a_mail_removed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.mail().unlink()
    code, said = world.check(capsys)
    assert code == 1
    assert f"not so: I4 every 202 is mailed, visibly failed or held\n  {world.victim_id}\n" in said


def test_a_duplicate_mail(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(world.mail(), world.sink.directory / "copy.eml")
    code, said = world.check(capsys)
    assert code == 1
    assert f"not so: I5 at most 0 mails more than one each\n  {world.victim.address}\n" in said
    assert world.check(capsys, "--allow-duplicate-mails", "1")[0] == 0


def test_what_nobody_sent_is_wrong_only_where_nobody_else_submits(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = uuid4()
    with by_hand(world) as connection:
        row = connection.execute(select(submissions).where(submissions.c.id == UUID(world.victim_id))).one()
        fields = {"name": "A stranger", "email": "stranger@example.org"}
        connection.execute(insert(submissions).values({**row._asdict(), "id": stranger, "fields": fields}))
    assert world.check(capsys)[0] == 0
    code, said = world.check(capsys, "--alone")
    assert code == 1
    assert f"not so: I2 nothing stored that was not sent\n  {stranger}\n" in said


def test_a_parked_message(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    queues = world.installation.queues
    queues.publish("", STORAGE.parked, b"put here by hand", parked(world.victim_id))
    code, said = world.check(capsys)
    assert world.installation.parked() == Counter([world.victim_id]), "the check left it where it was"
    assert code == 1
    assert f"not so: I6 parked is exactly the injected poison\n  unexpected {world.victim_id}\n" in said


def test_a_parked_delivery_counts_for_its_submission(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    delivery = DeliveryDue(uuid4(), "confirmation", replace(an_event(), id=UUID(world.victim_id)))
    headers = {PARKED_FROM_HEADER: NOTIFY_SMTP.name}
    properties = pika.BasicProperties(type=delivery.TYPE, message_id=str(delivery.id), delivery_mode=2, headers=headers)
    world.installation.queues.publish("", NOTIFY_SMTP.parked, delivery.encode(), properties)
    notify = world.installation.database_urls["notify"]
    eventually(lambda: parked_rows(notify, "notify"), 20, "notify keeps it")
    code, said = world.check(capsys)
    world.installation.command("notify", "discard", "--all", "--because", "it was put there by hand")
    assert code == 1
    assert f"not so: I6 parked is exactly the injected poison\n  unexpected {world.victim_id}\n" in said
    assert main(balance(world)) == 0


def test_what_waits_is_a_backlog_only_where_nobody_else_submits(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    queues, level = world.installation.queues, NOTIFY_SMTP.level_queue("6h")
    queues.publish("", level, b"put here by hand", parked("somebody else's"))
    try:
        code, said = world.check(capsys)
        assert code == 0, said
        code, said = world.check(capsys, "--alone", "--timeout-s", "1")
        assert code == 1
        assert f"not so: I8 the backlog drains\n  {level}: 1\n" in said
    finally:
        queues.on_channel(lambda channel: channel.queue_purge(level))


def balance(world: World) -> list[str]:
    """Return the command that weighs this installation."""
    databases = world.installation.database_urls
    order = ["balance", "--storage-database", databases["storage"], "--notify-database", databases["notify"]]
    return [*order, "--broker-url", world.broker_url, "--timeout-s", "1"]


def test_the_balance_is_even_while_all_is_there_and_names_what_is_nowhere(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    place, order = world.installation.directory, balance(world)
    assert main(order) == 0
    assert f"= stored{COUNT:>36}\n" in capsys.readouterr().out
    with by_hand(world) as connection:
        connection.execute(delete(submissions).where(submissions.c.id == UUID(world.victim_id)))
    assert main(order) == 1
    assert f"neither stored nor parked, while 0 wait\n  {world.victim_id}\n" in capsys.readouterr().out
    world.installation.queues.publish("", STORAGE.parked, b"put here by hand", parked(world.victim_id))
    assert main(order) == 0, "what is parked is somewhere"
    eventually(lambda: parked_rows(sqlite_of(place), "storage"), 20, "storage keeps it")
    world.installation.command("storage", "discard", "--all", "--because", "it was put there by hand")
    assert main(order) == 0, "what was discarded is still there"


def test_what_notify_alone_has_parked_is_nowhere(world: World) -> None:
    with by_hand(world) as connection:
        connection.execute(delete(submissions).where(submissions.c.id == UUID(world.victim_id)))
    world.installation.queues.publish("", NOTIFY_SMTP.parked, b"put here by hand", parked(world.victim_id))
    assert main(balance(world)) == 1
    notify = world.installation.database_urls["notify"]
    eventually(lambda: parked_rows(notify, "notify"), 20, "notify keeps it")
    world.installation.command("notify", "discard", "--all", "--because", "it was put there by hand")
    assert main(balance(world)) == 1


def test_nobody_can_weigh_what_waits(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    [storage], queues = world.installation.storage, world.installation.queues
    assert storage.stop() == 0
    with by_hand(world) as connection:
        connection.execute(delete(submissions).where(submissions.c.id == UUID(world.victim_id)))
    queues.publish("", STORAGE.name, b"it may be this one", parked(world.victim_id))
    eventually(lambda: queues.depth(STORAGE.name) == 1, 20, "it waits")
    try:
        assert main(balance(world)) == 2
        assert f"neither stored nor parked, while 1 wait\n  {world.victim_id}\n" in capsys.readouterr().out
    finally:
        queues.on_channel(lambda channel: channel.queue_purge(STORAGE.name))
        storage.start()
        world.installation.await_ready()
