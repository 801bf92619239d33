"""Storage is told of what failed or is held, and of whatever becomes of that: once each, and nothing of all else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select, text

from notify_service.history import told as told_module
from notify_service.tables import MIGRATIONS, OUTBOX, UNTOLD, deliveries
from shared import database
from shared.contracts import NO_REQUEST, SubmissionAccepted
from support.confirmations import NOON
from support.events import an_event
from support.migrating import migrate
from support.wishes import Wishes


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def wishes(engine: Engine) -> Wishes:
    return Wishes(engine)


@pytest.fixture
def event() -> SubmissionAccepted:
    return replace(an_event(), accepted_at=NOON)


def failures(wishes: Wishes, count: int) -> None:
    """Let so many submissions' deliveries fail, two each."""
    for _ in range(count):
        wishes.accepted(replace(an_event(id=uuid4()), accepted_at=NOON))
    assert wishes.work_off("failed", "rcpt 550") == 2 * count


def test_what_goes_well_is_told_to_nobody(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    assert wishes.told() == []
    assert wishes.work_off() == 2
    assert wishes.told() == []


def test_what_failed_is_told_once_with_its_reason_in_words(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    wishes.work_off("failed", "rcpt 550")
    told = wishes.told()
    assert wishes.told() == told, "once"
    mail = next(one for one in told if one.channel == "confirmation")
    [row] = wishes.rows(event, "confirmation")
    assert (mail.submission_id, mail.delivery_id, mail.form) == (event.id, row.id, "signup")
    assert (mail.state, mail.attempts, mail.changed_at, mail.request) == ("failed", 1, wishes.clock(), NO_REQUEST)
    assert (mail.destination_shown, mail.reason) == ("a…@example.org", "rcpt 550")
    assert mail.words
    assert "ada@" not in str(mail), "no address"


def test_what_follows_is_told_too(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    mail, webhook = sorted(wishes.publish.taken(), key=lambda one: one.channel)
    wishes.set(mail.id, state="held", last_error="limit source")
    wishes.set(webhook.id, state="held", last_error="spam")
    assert {one.state for one in wishes.told()} == {"held"}
    wishes.clock.forward(minutes=1)
    wishes.requested(event, "confirmation", mail.id)
    assert wishes.told()[-1].state == "pending"
    wishes.clock.forward(minutes=1)
    assert wishes.work_off() == 1
    last = wishes.told()[-1]
    assert (last.delivery_id, last.state, last.reason, last.words) == (mail.id, "sent", None, None)
    wishes.withheld(event.id, 1)
    last = wishes.told()[-1]
    assert (last.delivery_id, last.state, last.reason) == (webhook.id, "cancelled", "withheld")


def test_what_failed_before_there_was_any_telling_is_told_in_batches(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade: the rows are those of the version before."""
    wishes = Wishes(engine)
    failures(wishes, 6)
    wishes.accepted(replace(an_event(id=uuid4()), accepted_at=NOON))
    assert wishes.work_off() == 2
    MIGRATIONS.downgrade(engine, "0007")
    MIGRATIONS.upgrade(engine)
    monkeypatch.setattr(told_module, "SETTLED_MOST", 5)
    assert [wishes.tell() for _ in range(4)] == [5, 5, 2, 0]
    assert Counter(one.state for one in wishes.told()) == {"failed": 12}
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(OUTBOX)) == 3


def test_several_who_tell_at_once_tell_each_once(engine: Engine) -> None:
    failures(Wishes(engine), 40)
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda _: Wishes(engine).tell(), range(8))) == 80
    told = Wishes(engine).told()
    assert len({one.delivery_id for one in told}) == len(told) == 80


def test_looking_costs_no_look_at_all_rows(engine: Engine) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # on a small table it would read all of it
            connection.execute(text("SET enable_seqscan = off"))
        explain = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        looking = select(deliveries.c.id).where(UNTOLD).limit(1).compile(engine, compile_kwargs={"literal_binds": True})
        plan = connection.execute(text(f"{explain} {looking}")).all()
    assert "deliveries_untold" in str(plan)


def test_what_is_told_later_has_a_later_moment_whatever_a_replica_s_clock_says(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    """Storage takes the later moment for the newer: a replica that is behind told what was forgotten."""
    wishes.accepted(event)
    wishes.work_off("failed", "rcpt 550")
    wishes.told()
    wishes.clock.forward(seconds=-30)
    mail = wishes.rows(event, "confirmation")[0]
    wishes.set(mail.id, state="pending", last_error=None, changed_at=wishes.clock())
    assert wishes.tell() == 1
    wishes.clock.forward(seconds=-30)
    wishes.set(mail.id, state="sent", changed_at=wishes.clock())
    of_mail = [one for one in wishes.told() if one.delivery_id == mail.id]
    assert [one.state for one in of_mail] == ["failed", "pending", "sent"]
    moments = [one.changed_at for one in of_mail]
    assert moments == sorted(set(moments))
    assert moments[-1] - moments[0] < timedelta(milliseconds=1), "and no later than it has to be"


def test_what_was_told_before_the_migration_has_its_moment(engine: Engine, event: SubmissionAccepted) -> None:
    wishes = Wishes(engine)
    wishes.accepted(event)
    wishes.work_off("failed", "rcpt 550")
    before = {one.delivery_id: one.changed_at for one in wishes.told()}
    MIGRATIONS.downgrade(engine, "0008")
    MIGRATIONS.upgrade(engine)
    for key, moment in before.items():
        wishes.set(key, state="sent", changed_at=moment - timedelta(minutes=1))
    for one in wishes.told()[len(before) :]:
        assert (one.state, one.changed_at > before[one.delivery_id]) == ("sent", True)


def test_many_answers_take_as_many_messages_as_they_need(
    wishes: Wishes, event: SubmissionAccepted, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes.accepted(event)
    requests = [wishes.requested(event, "webhook").id for _ in range(7)]
    wishes.told()
    wishes.work_off()
    monkeypatch.setattr(told_module, "SETTLED_MOST", 3)
    assert wishes.tell() == 1
    ended = [one for one in wishes.told() if one.state == "sent"]
    assert sorted(one.request for one in ended) == sorted(requests)
    assert ended[0].request == requests[-1], "the last one is the one that storage shows"
