"""Notify's copy of the hooks, on both databases: the highest version counts, in any order, twice, and late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from notify_service.channels.hook import HookChannel, erased_of, erasure
from notify_service.deliveries.plan_table import PlanTable, Submission
from notify_service.deliveries.states import NO_LONGER_WANTED
from notify_service.history.told import TellStorage
from notify_service.hooks.erased import CalledHooks, TellErased
from notify_service.hooks.standing import methods
from notify_service.hooks.table import ENDED_FOR, HookTable
from notify_service.tables import MIGRATIONS, OUTBOX, deliveries, hooks
from shared import database
from shared.contracts import DeliveryDue, HookGone, SubmissionErased, decode
from shared.database import Outbox
from shared.forms import Form
from shared.messaging.failures import Delivery, DependencyUnavailable
from shared.webhook_bodies import ACCEPTED, ERASED
from support.confirmations import NOON, Clock
from support.events import an_event
from support.hooks import CATCH, FakeHooks, a_hook, a_told_hook
from support.migrating import migrate

FORM = Form("signup", "Sign up")


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def table(engine: Engine) -> HookTable:
    return HookTable(engine)


def planned_for(engine: Engine, table: HookTable) -> UUID:
    """Plan a submission for the hooks there are, and return its id."""
    event = an_event()
    asked = HookChannel(FakeHooks(table.live()), Clock()).plan(event, FORM)
    PlanTable(engine).record([Submission(event.id, "x", asked)], NOON)
    return event.id


def states(engine: Engine) -> list[tuple[str, str | None]]:
    with engine.connect() as connection:
        rows = connection.execute(select(deliveries.c.state, deliveries.c.last_error).order_by(deliveries.c.state))
        return [(row.state, row.last_error) for row in rows]


def test_a_hook_is_kept_as_it_was_told(table: HookTable) -> None:
    told = a_told_hook(expires_at=NOON)
    assert table.take(told, NOON)
    assert not table.take(told, NOON)
    [kept] = table.live()
    assert (kept.id, kept.version, kept.url, kept.secret) == (told.id, 1, told.url, told.secret)
    assert (kept.events, kept.forms, kept.expires_at) == (frozenset(told.events), frozenset({"signup"}), NOON)
    table.take(a_told_hook(forms=None), NOON)
    assert {one.forms for one in table.live()} == {None, frozenset({"signup"})}


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_the_highest_version_counts_in_whatever_order_they_come(table: HookTable, order: tuple[int, ...]) -> None:
    key = uuid4()
    told = {1: a_told_hook(1, key=key), 2: a_told_hook(2, key=key, url="https://two.example.org")}
    told[3] = a_told_hook(3, key=key, is_ended=True)
    for version in order:
        table.take(told[version], NOON)
    assert table.live() == []


def test_what_has_ended_keeps_neither_address_nor_secret_and_is_forgotten_later(
    engine: Engine, table: HookTable
) -> None:
    key = uuid4()
    table.take(a_told_hook(key=key), NOON)
    table.take(a_told_hook(2, key=key, is_ended=True), NOON)
    with engine.connect() as connection:
        assert [(row.url, row.secret) for row in connection.execute(select(hooks))] == [("", "")]
    table.take(a_told_hook(2, is_ended=True), NOON + ENDED_FOR + timedelta(seconds=1))
    with engine.connect() as connection:
        assert key not in set(connection.scalars(select(hooks.c.id)))


def test_nothing_more_is_sent_to_a_hook_that_has_ended(engine: Engine, table: HookTable) -> None:
    first, second = a_told_hook(), a_told_hook()
    table.take(first, NOON)
    table.take(second, NOON)
    planned_for(engine, table)
    assert states(engine) == [("pending", None)] * 2
    table.take(a_told_hook(2, key=first.id, is_ended=True), NOON)
    assert states(engine) == [("cancelled", NO_LONGER_WANTED), ("pending", None)]


def test_an_address_that_wants_no_more_ends_its_hook_and_storage_is_told_once(engine: Engine, table: HookTable) -> None:
    told = a_told_hook(3)
    table.take(told, NOON)
    planned_for(engine, table)
    assert not table.gone(told.id, 2, NOON)
    assert table.gone(told.id, 3, NOON)
    assert not table.gone(told.id, 3, NOON)
    assert table.live() == []
    assert states(engine) == [("cancelled", NO_LONGER_WANTED)]
    with engine.connect() as connection:
        [message] = Outbox(OUTBOX).first(connection).values()
    assert decode(message.body, type=message.type, types=(HookGone,)) == HookGone(told.id, 3, NOON)
    assert not table.take(told, NOON), "storage tells of it again before it hears of its end"
    assert table.live() == []


def test_who_was_called_with_a_submission_is_told_that_it_is_erased(engine: Engine, table: HookTable) -> None:
    asks = a_told_hook(events=(ACCEPTED, ERASED))
    for told in (asks, a_told_hook(), a_told_hook(events=(ERASED,))):
        table.take(told, NOON)
    called, quiet, published = planned_for(engine, table), uuid4(), list[DeliveryDue]()
    forgotten = list[UUID]()

    def forget(taken: Sequence[Delivery[SubmissionErased]]) -> None:
        forgotten.extend(one.event.id for one in taken)
        with engine.begin() as connection:
            connection.execute(delete(deliveries).where(deliveries.c.submission_id.in_(forgotten)))

    def publish(due: Sequence[tuple[DeliveryDue, str | None]]) -> None:
        if not published:
            published.extend(one for one, _ in due)
            raise DependencyUnavailable("an alarm of the broker")
        published.extend(one for one, _ in due)

    channel = HookChannel(FakeHooks(table.live()), Clock())
    tell = TellErased(CalledHooks(engine), channel, PlanTable(engine), publish, Clock(), forget)
    taken = [Delivery(SubmissionErased(one, NOON)) for one in (called, quiet)]
    with pytest.raises(DependencyUnavailable):
        tell(taken)
    assert forgotten == [called, quiet], "an alarm keeps nothing from being forgotten"
    tell(taken)
    first, again = published
    assert first == again
    assert (first.channel, first.destination) == ("hook", f"{asks.id}:erased")
    assert (erased_of(first.submission), first.submission.form) == (called, "signup")
    assert first.id in {one.key.id for one in channel.plan(first.submission, FORM)}


def test_the_console_is_told_when_each_was_called_and_how_that_went(engine: Engine, table: HookTable) -> None:
    told, quiet, unknown = a_told_hook(), a_told_hook(), uuid4()
    table.take(told, NOON)
    table.take(quiet, NOON)
    with engine.begin() as connection:
        for state, minutes, error in (
            ("sent", 1, None),
            ("sent", 2, None),
            ("retrying", 3, "status 503"),
            ("failed", 0, "x"),
        ):
            connection.execute(
                insert(deliveries).values(
                    id=uuid4(),
                    submission_id=uuid4(),
                    form="signup",
                    channel="hook",
                    destination_hash=str(told.id),
                    destination_shown="hooks.example.org",
                    request=uuid4(),
                    state=state,
                    attempts=1,
                    last_error=error,
                    created_at=NOON,
                    changed_at=NOON + timedelta(minutes=minutes),
                )
            )
    answer = methods(engine)["hooks"]({"ids": [str(told.id), str(quiet.id), str(unknown)]})["hooks"]
    assert answer[str(told.id)] == {
        "is_known": True,
        "sent_at": "2026-11-22T12:02:00.000000Z",
        "failed_at": "2026-11-22T12:03:00.000000Z",
        "why": "The endpoint has a fault of its own (HTTP 503): look into its log.",
    }
    nothing = {"sent_at": None, "failed_at": None, "why": None}
    assert answer[str(quiet.id)] == {"is_known": True, **nothing}
    assert answer[str(unknown)] == {"is_known": False, **nothing}
    assert CATCH not in str(answer)


def test_storage_is_not_told_of_what_tells_of_an_erasure(engine: Engine) -> None:
    """It has no such submission: a row of it would stay for ever."""
    event = erasure(uuid4(), FORM.name, NOON)
    asked = HookChannel(FakeHooks([a_hook(events=[ERASED])]), Clock()).plan(event, FORM)
    PlanTable(engine).record([Submission(event.id, "x", asked)], NOON)
    with engine.begin() as connection:
        connection.execute(update(deliveries).values(state="failed"))
    tell = TellStorage(engine, Outbox(OUTBOX))
    assert (tell(), tell()) == (1, 0)
    with engine.connect() as connection:
        assert connection.execute(select(OUTBOX.c.number)).all() == []
