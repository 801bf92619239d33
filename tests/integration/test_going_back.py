"""`migrate --to` takes a schema back to an earlier revision, or leaves it where something would be lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, inspect, text

import notify_service.__main__
import notify_service.tables
import storage_service.__main__
import storage_service.tables
from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.plan_table import PlanTable, Submission
from notify_service.deliveries.states import Claim
from notify_service.deliveries.table import DeliveryTable
from notify_service.tables import MIGRATIONS, PARKED
from shared import database
from shared.database import MigrationFailed
from shared.messaging.topology import NOTIFY_EMAIL, NOTIFY_SMTP, WorkQueue
from shared.parked.parsing import ParkedMessage
from shared.parked.repository import ParkedRepository
from storage_service.deliveries.resending import Resending
from storage_service.deliveries.selection import Selection
from storage_service.store.repository import SubmissionRepository
from storage_service.work import Work
from support.accounts import World
from support.confirmations import NOON, a_key, planned
from support.events import an_event
from support.migrating import migrate
from support.opt_ins import Presses, a_press, waiting
from support.resending import submissions_with
from support.submission_databases import migrated, store
from support.wishes import Wishes
from support.working import an_asker, record_of

BEFORE = "0004"


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


def a_plan(engine: Engine) -> Planned:
    one = planned(a_key())
    PlanTable(engine).record([Submission(one.key.submission_id, "f", [one])], NOON)
    return one


def claimed(engine: Engine, one: Planned) -> Claim:
    lease_until = NOON + timedelta(minutes=1)
    claim = DeliveryTable(engine).claim([one], lease_holder=uuid4(), now=NOON, lease_until=lease_until)[one.key]
    assert isinstance(claim, Claim)
    return claim


def park(engine: Engine, work: WorkQueue) -> ParkedRepository:
    parked, message_id = ParkedRepository(engine, PARKED), str(uuid4())
    parked.keep(ParkedMessage("p", work.name, "t", message_id, b"{}", {}, {}, "bug", "why", "once", NOON), NOON)
    return parked


def refusal(engine: Engine, revision: str = BEFORE) -> str:
    with pytest.raises(MigrationFailed) as refused:
        MIGRATIONS.downgrade(engine, revision)
    assert not MIGRATIONS.pending(engine), "it is as it was"
    return str(refused.value)


def go_back(engine: Engine, revision: str = BEFORE, *, force: bool = False) -> None:
    MIGRATIONS.downgrade(engine, revision, force=force)
    with engine.connect() as connection:
        assert connection.scalar(text(f"SELECT version_num FROM {MIGRATIONS.version_table}")) == revision  # noqa: S608


def test_it_goes_back_twice_and_forward_again(engine: Engine) -> None:
    go_back(engine)
    go_back(engine)
    assert "confirmations" in inspect(engine).get_table_names()
    MIGRATIONS.upgrade(engine)
    assert not MIGRATIONS.pending(engine)


@pytest.mark.parametrize("state", ["pending", "retrying"])
def test_what_waits_in_the_queues_of_this_version_is_named(engine: Engine, state: str) -> None:
    one = a_plan(engine)
    if state == "retrying":
        DeliveryTable(engine).record(claimed(engine, one), "retrying", now=NOON, error="rcpt 450", next_attempt_at=NOON)
    assert "1 deliveries that are neither sent nor failed: they wait in notify.smtp.v1, notify.http.v1" in refusal(
        engine
    )
    go_back(engine, force=True)


@pytest.mark.parametrize("outcome", ["sent", "failed"])
def test_what_is_settled_keeps_nobody_from_going_back(engine: Engine, outcome: str) -> None:
    DeliveryTable(engine).record(claimed(engine, a_plan(engine)), outcome, now=NOON)  # type: ignore[arg-type]
    go_back(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT state FROM confirmations")) == outcome


def test_what_waits_in_the_queues_of_the_version_before_goes_back_with_them(engine: Engine) -> None:
    claim = claimed(engine, planned(a_key()))  # nobody planned it: its event came from a gateway of the version before
    DeliveryTable(engine).record(claim, "retrying", now=NOON, error="rcpt 450", next_attempt_at=NOON)
    go_back(engine)


def test_what_is_being_sent_is_named_until_its_lease_is_over(engine: Engine) -> None:
    one, now, owner = planned(a_key()), datetime.now(UTC), uuid4()
    DeliveryTable(engine).claim([one], lease_holder=owner, now=now, lease_until=now + timedelta(minutes=1))
    assert "the record of 1 deliveries that are being sent now: stop notify first" in refusal(engine)
    DeliveryTable(engine).release(Claim(one.key, owner, now + timedelta(minutes=1), attempts=1), now=now)
    claimed(engine, one)  # at NOON, long ago: its worker was killed
    go_back(engine)


def test_parked_messages_of_queues_that_are_not_there_any_more_are_named_until_they_are_put_aside(
    engine: Engine,
) -> None:
    parked = park(engine, NOTIFY_SMTP)
    assert "1 parked messages, which cannot be replayed" in refusal(engine)
    parked.discard("p", actor="ada", reason="sent by hand", now=NOON)
    go_back(engine)


def test_parked_messages_of_the_version_before_stay(engine: Engine) -> None:
    parked = park(engine, NOTIFY_EMAIL)
    go_back(engine)
    assert parked.waiting_ids(None) == ["p"]


def test_what_somebody_requested_is_named(engine: Engine) -> None:
    key, settled = a_key(), planned(a_key())
    again = planned(Key(key.submission_id, key.channel, key.destination_hash, uuid4()))
    for one in (settled, again):
        DeliveryTable(engine).record(claimed(engine, one), "sent", now=NOON)
    assert refusal(engine) == f"going back to {BEFORE} would lose:\n- 1 deliveries that somebody requested"
    go_back(engine, force=True)


def test_all_of_several_migrations_is_named_at_once(engine: Engine) -> None:
    a_plan(engine)
    park(engine, NOTIFY_SMTP)
    said = refusal(engine, "0002")
    assert [line.split(" ", 2)[:2] for line in said.splitlines()[1:]] == [["-", "1"]] * 3, said
    assert said.splitlines()[-1] == "- 1 parked messages"


def test_a_revision_that_nobody_knows_and_a_schema_of_another_version_are_refused(engine: Engine) -> None:
    assert refusal(engine, "0000").startswith("there is no revision 0000, only 0001, 0002")
    go_back(engine)
    with pytest.raises(MigrationFailed, match="the database is at 0004: this version cannot take it back to 0005"):
        MIGRATIONS.downgrade(engine, "0005")
    with engine.begin() as connection:
        connection.execute(text("UPDATE notify_alembic_version SET version_num = '9999'"))
    with pytest.raises(MigrationFailed, match="the database is at 9999: this version cannot take it back to 0004"):
        MIGRATIONS.downgrade(engine, BEFORE)


def test_an_empty_database_is_refused(empty_database_url: str) -> None:
    with pytest.raises(MigrationFailed, match="the database is empty"):
        MIGRATIONS.downgrade(database.create(empty_database_url), BEFORE)


@pytest.mark.parametrize(
    ("main", "revision", "tables"),
    [
        (notify_service.__main__.main, BEFORE, notify_service.tables),
        (storage_service.__main__.main, "0002", storage_service.tables),
    ],
    ids=["notify", "storage"],
)
def test_each_service_has_the_command(
    empty_database_url: str,
    main: Callable[[Sequence[str]], int],
    revision: str,
    tables: object,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", empty_database_url)

    def migrate(*arguments: str) -> tuple[int, str]:
        """Do what `python -m … migrate` does; that both are there as programs, test_notify_migrations shows."""
        capsys.readouterr()
        try:
            code = main(["migrate", *arguments])
        except SystemExit as refused:  # wrong arguments
            code = int(refused.code or 0)
        return code, capsys.readouterr().err

    migrations = tables.MIGRATIONS  # type: ignore[attr-defined]
    engine = database.create(empty_database_url)
    assert migrate()[0] == 0
    park_in = ParkedRepository(engine, tables.PARKED)  # type: ignore[attr-defined]
    park_in.keep(ParkedMessage("p", NOTIFY_SMTP.name, "t", "m", b"{}", {}, {}, "bug", "why", "once", NOON), NOON)
    code, said = migrate("--to", revision)
    assert (code, "would lose:\n- 1 parked messages" in said) == (2, True), said
    assert not migrations.pending(engine)
    assert migrate("--force")[0] == migrate("--to")[0] == migrate("back")[0] == 2
    assert migrate("--to", revision, "--force")[0] == 0
    assert migrations.pending(engine)
    engine.dispose()


def test_the_mark_of_spam_is_named(database_url: str) -> None:
    with migrated(database_url) as engine:
        with SubmissionRepository(engine).transaction() as rows:
            rows.insert([replace(an_event(), spam="honeypot"), an_event()], stored_at=NOON)
        with pytest.raises(MigrationFailed, match=r"would lose:\n- 1 marks that a submission is spam$"):
            storage_service.tables.MIGRATIONS.downgrade(engine, "0001")


def test_what_owners_asked_of_notify_is_named_before_it_is_lost(engine: Engine) -> None:
    wishes = Wishes(engine)
    failed, spam = an_event(), an_event()
    wishes.accepted(failed)
    wishes.work_off("failed", "rcpt 550")
    wishes.requested(failed, "webhook")
    wishes.withheld(spam.id, 1)
    assert wishes.tell()
    with pytest.raises(MigrationFailed) as refused:
        MIGRATIONS.downgrade(engine, "0007")
    assert str(refused.value).splitlines()[1:] == [
        "- 1 messages to storage, which are not published: let notify run",
        "- 1 decisions that a submission is spam after all, or is not",
        "- 1 deliveries that somebody requested and that are not sent",
    ]
    MIGRATIONS.downgrade(engine, "0007", force=True)
    assert "told" not in {column["name"] for column in inspect(engine).get_columns("deliveries")}
    MIGRATIONS.upgrade(engine)
    assert {one.state for one in wishes.told()} == {"failed"}, "what failed is told again"


def test_what_storage_has_not_published_is_named_before_it_is_lost(database_url: str) -> None:
    with migrated(database_url) as engine:
        submissions_with(engine, 2)
        assert sum(Resending(engine, "a test").request(Selection())) == 2
        with pytest.raises(MigrationFailed, match="2 requests to send again, which are not published: let storage run"):
            storage_service.tables.MIGRATIONS.downgrade(engine, "0003")
        storage_service.tables.MIGRATIONS.downgrade(engine, "0003", force=True)
        assert "storage_outbox" not in inspect(engine).get_table_names()


def test_what_people_did_with_submissions_is_named_before_it_is_lost(database_url: str) -> None:
    with migrated(database_url) as engine:
        event = replace(an_event(), spam="honeypot")
        with SubmissionRepository(engine).transaction() as rows:
            rows.insert([event], stored_at=NOON)
        Work(engine).not_spam(event.id, an_asker())
        Work(engine).note(event.id, "a person", an_asker())
        with pytest.raises(MigrationFailed) as refused:
            storage_service.tables.MIGRATIONS.downgrade(engine, "0005")
        assert str(refused.value).splitlines()[1:] == [
            "- 1 labels of spam and no spam",
            "- 2 changes that people made to submissions, and who made them",
            "- 1 notes on submissions",
            "- 1 markings as spam or as none, of which notify then hears no later ones for these submissions",
        ]
        storage_service.tables.MIGRATIONS.downgrade(engine, "0005", force=True)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT spam FROM submissions")).all() == [(None,)], "it stays released"
        storage_service.tables.MIGRATIONS.upgrade(engine)
        assert record_of(engine, event.id).version == 1


def test_who_confirmed_an_address_is_named_before_it_is_lost(database_url: str) -> None:
    with migrated(database_url) as engine:
        waits, confirmed = waiting(id=uuid4()), waiting(id=uuid4())
        store(engine, waits, confirmed)
        Presses(engine).take(a_press(confirmed))
        with pytest.raises(MigrationFailed) as refused:
            storage_service.tables.MIGRATIONS.downgrade(engine, "0019")
        assert "1 marks of what waits until its address is confirmed" in str(refused.value)
        assert "1 proofs that an address was confirmed" in str(refused.value)
        storage_service.tables.MIGRATIONS.downgrade(engine, "0019", force=True)
        storage_service.tables.MIGRATIONS.upgrade(engine)
        assert {record_of(engine, one.id).opt_in_state for one in (waits, confirmed)} == {None}


def test_accounts_are_named_before_they_are_lost(database_url: str) -> None:
    with migrated(database_url) as engine:
        World(engine).user()
        with pytest.raises(MigrationFailed, match=r"would lose:\n- 1 accounts$"):
            storage_service.tables.MIGRATIONS.downgrade(engine, "0008")
        storage_service.tables.MIGRATIONS.downgrade(engine, "0008", force=True)
        storage_service.tables.MIGRATIONS.upgrade(engine)
        assert not World(engine).accounts.users.has_owner()
