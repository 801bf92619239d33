"""More than fifty mails to an owner about one form within ten minutes: the further ones become one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from notify_service.deliveries.plan_table import PlanTable
from notify_service.deliveries.states import MANY
from notify_service.digests.standing import waiting
from notify_service.digests.waiting import AT_ONCE_MOST, Waiting, forget_old_windows
from notify_service.instruments import NotifyInstruments
from notify_service.planning.handler import PlanSubmissions
from notify_service.tables import DIGESTS, MIGRATIONS
from shared import database
from shared.messaging.failures import Delivery
from support.digested import ADA, BOB, Digested, html, plain
from support.events import an_event
from support.migrating import migrate


@pytest.fixture
def world(notify_database_url: str) -> Iterator[Digested]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    made = Digested(engine)
    made.have(None)
    yield made
    engine.dispose()


def at_once(world: Digested) -> int:
    """Return how many go by themselves, since the last time."""
    return len(world.publish.taken())


def test_the_further_ones_become_one_when_the_ten_minutes_are_over(world: Digested) -> None:
    world.come(20)
    world.clock.forward(minutes=4)
    events = world.come(342)
    assert at_once(world) == AT_ONCE_MOST
    assert {(row.state, row.last_error) for one in events[30:] for row in world.rows(one)} == {("held", MANY)}
    world.clock.forward(minutes=5, seconds=59)
    assert world.look() == 0
    world.clock.forward(seconds=1)
    assert world.look() == 1
    [mail] = world.mails()
    assert (mail["To"], mail["Subject"]) == (ADA, "Sign up: 312 more submissions")
    for body in (plain(mail), html(mail)):
        assert "and 312 more" in body
        assert "https://forms.example.org/console/inbox?q=form%3Asignup%20-is%3Aspam" in body
    assert world.storage.asked == [], "a flood asks storage nothing"
    assert {row.state for one in events[30:] for row in world.rows(one)} == {"sent"}
    assert world.outcomes == [("many", "sent", 312)]


def test_while_it_lasts_there_is_one_mail_in_ten_minutes_and_when_it_is_over_each_has_its_own(world: Digested) -> None:
    world.come(60)
    assert at_once(world) == 50
    for _ in range(3):
        world.clock.forward(minutes=10)
        world.look()
        world.come(60)
    assert at_once(world) == 0
    world.clock.forward(minutes=10)
    world.look()
    assert [mail["Subject"].split()[2] for mail in world.mails()] == ["10", "60", "60", "60"]
    world.come(3)
    assert at_once(world) == 0, "the window before had too many"
    world.clock.forward(minutes=10)
    world.look()
    assert [mail["Subject"] for mail in world.mails()] == ["Sign up: 3 more submissions"]
    world.come(3)
    assert at_once(world) == 3


def test_after_a_pause_each_has_its_own_at_once(world: Digested) -> None:
    world.come(60)
    world.clock.forward(minutes=20)
    world.look()
    assert at_once(world) == 50
    world.come(3)
    assert at_once(world) == 3


def test_each_form_and_each_owner_counts_alone(world: Digested) -> None:
    world.have(None, ADA, BOB)
    world.forms["other"] = replace(world.forms["signup"], name="other")
    world.come(50)
    world.come(50, form="other")
    assert at_once(world) == 200
    world.come(1)
    assert at_once(world) == 0


def test_what_comes_again_counts_once_and_what_an_owner_asks_for_not_at_all(world: Digested) -> None:
    events = world.come(50)
    for one in events:
        world.accepted(one)
    for one in events[:5]:
        world.requested(one, "owner")
    assert world.item_count() == 0


def test_what_waits_goes_by_itself_where_somebody_asks_for_it(world: Digested) -> None:
    events = world.come(52)
    world.publish.taken()
    world.requested(events[-1], "owner")
    assert at_once(world) == 1
    world.clock.forward(minutes=10)
    world.look()
    assert world.mails()[0]["Subject"] == "Sign up: one more submission"


def test_replicas_count_together(world: Digested) -> None:
    def plan(number: int) -> None:
        plans = PlanTable(world.engine, put_aside=Waiting(world.engine))
        planner = PlanSubmissions(world.channels, world.forms, plans, world.publish, lambda _: None, world.clock)
        events = [replace(an_event(), accepted_at=world.clock()) for _ in range(20)]
        planner([Delivery(one) for one in (events if number % 2 else events[::-1])])

    with ThreadPoolExecutor(4) as replicas:
        list(replicas.map(plan, range(8)))
    assert (at_once(world), world.item_count()) == (50, 110)


def test_how_many_go_at_once_can_be_set(world: Digested) -> None:
    plans = PlanTable(world.engine, put_aside=Waiting(world.engine, 60))
    planner = PlanSubmissions(world.channels, world.forms, plans, world.publish, lambda _: None, world.clock)
    planner([Delivery(replace(an_event(), accepted_at=world.clock())) for _ in range(70)])
    assert (at_once(world), world.item_count()) == (60, 10)


def test_what_waits_is_measured_by_form_and_alone_of_forms_of_the_file(world: Digested) -> None:
    registry = CollectorRegistry()
    NotifyInstruments(registry).watch_gathered(lambda: waiting(world.engine), lambda: ["signup", "other"])

    def measured(form: str, because: str) -> float | None:
        return registry.get_sample_value("counterfoil_owner_mails_waiting", {"form": form, "because": because})

    assert measured("signup", "many") == 0
    world.come(53)
    world.have("hourly")
    world.come(2)
    assert (measured("signup", "many"), measured("signup", "digest"), measured("other", "many")) == (3, 2, 0)


def test_a_digest_meanwhile_takes_none_of_these_along(world: Digested) -> None:
    world.come(53)
    world.have("hourly")
    world.come(2)
    world.clock.forward(minutes=10)
    world.look()
    assert [mail["Subject"] for mail in world.mails()] == ["Sign up: 3 more submissions"]
    world.next_hour()
    assert [mail["Subject"] for mail in world.mails()] == ["Sign up: 2 new submissions"]


def test_old_windows_are_forgotten(world: Digested) -> None:
    world.come(1)
    world.clock.forward(days=2)
    forget_old_windows(world.engine, world.clock())
    with world.engine.connect() as connection:
        assert connection.execute(DIGESTS.windows.select()).all() == []
