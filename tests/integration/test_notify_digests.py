"""An owner has one mail about several submissions, when they want it: on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from notify_service.deliveries.states import DIGEST
from notify_service.digests.wording import DigestWording
from notify_service.history.failing import failing_forms
from notify_service.history.shown import History
from notify_service.tables import DIGESTS, MIGRATIONS, delivery_attempts
from shared import database
from shared.failpoints import Injected
from shared.forms import Route
from shared.messaging.failures import DependencyUnavailable
from shared.query import parse
from support.digested import ADA, BOB, Digested, html, plain
from support.migrating import migrate
from support.wishes import as_spam


@pytest.fixture
def world(notify_database_url: str) -> Iterator[Digested]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield Digested(engine)
    engine.dispose()


def test_submissions_wait_and_become_one_mail(world: Digested) -> None:
    events = world.come(2) + world.come(1)
    assert world.all_states(events) == {("held", DIGEST)}
    assert world.publish.taken() == [], "no message is published for what waits"
    assert world.look() == 0
    assert world.next_hour() == 1
    [mail] = world.mails()
    assert (mail["To"], mail["Subject"]) == (ADA, "Sign up: 3 new submissions")
    assert mail["Auto-Submitted"] == "auto-generated"
    url = "https://forms.example.org/unsubscribe/signup"
    assert (mail["List-Unsubscribe"].strip(), mail["List-Unsubscribe-Post"]) == (
        f"<{url}>",
        "List-Unsubscribe=One-Click",
    )
    for body in (plain(mail), html(mail)):
        assert "3 submissions since the last mail" in body
        assert url in body
        assert body.count("Ada Lovelace") == body.count("The boiler is cold") == 3
        assert all(f"https://forms.example.org/console/submissions/{one.id}" in body for one in events)
    assert world.all_states(events) == {("sent", None)}
    assert world.outcomes == [("digest", "sent", 3)]
    [row] = world.rows(events[0])
    [shown] = History(world.engine).of_submission(events[0].id)
    assert (row.attempts, row.sent_at, [one["said"] for one in shown["tries"]]) == (
        *(1, world.clock()),
        ["250 2.0.0 queued"],
    )
    assert world.next_hour() == 0, "none goes where nothing came"


def test_each_owner_has_one_of_their_own_also_those_of_routes(world: Digested) -> None:
    world.have("hourly", ADA)
    route = Route("field.topic:boiler", parse("field.topic:boiler"), owner=(BOB,))
    world.forms["signup"] = replace(world.forms["signup"], routes=(route,))
    world.come(topic="boiler", name="Ada")
    world.come(topic="else", name="Ada")
    assert world.next_hour() == 2
    assert sorted((mail["To"], mail["Subject"]) for mail in world.mails()) == [
        (ADA, "Sign up: 2 new submissions"),
        (BOB, "Sign up: one new submission"),
    ]


def test_the_addresses_of_the_setting_have_them_too(world: Digested) -> None:
    world.have("hourly", to=())
    world.come()
    assert world.next_hour() == 1
    assert [mail["To"] for mail in world.mails()] == [ADA]


def test_only_what_the_form_shows_by_mail_stands_in_a_line(world: Digested) -> None:
    world.have("hourly", include=("name",))
    world.come()
    world.next_hour()
    assert world.storage.asked[0]["only"] == ("name",)


def test_beyond_so_many_it_goes_at_once_and_then_rests(world: Digested) -> None:
    world.have("weekly Mon 08:00")
    world.come(100)
    assert world.look() == 0
    world.come(1)
    assert world.look() == 1
    [mail] = world.mails()
    assert mail["Subject"] == "Sign up: 101 new submissions"
    assert plain(mail).count("Ada Lovelace") == 100
    assert "… and 1 more" in plain(mail)
    assert "q=form%3Asignup" in plain(mail)
    world.come(101)
    assert world.look() == 0, "no more than one in ten minutes, whatever comes"
    world.clock.forward(minutes=10)
    assert world.look() == 1


@pytest.mark.parametrize("digest", [None, "daily 08:00", "hourly"])
def test_what_waits_for_a_digest_that_the_form_has_no_more_goes_at_once(world: Digested, digest: str | None) -> None:
    world.have("weekly Mon 08:00")
    world.come(2)
    assert world.look() == 0
    world.have(digest)
    assert world.look() == 1
    assert len(world.mails()) == 1


def test_of_another_zone_it_is_another_digest(world: Digested) -> None:
    world.have("weekly Mon 08:00", timezone="Europe/Berlin")
    world.come()
    world.have("weekly Mon 08:00 Europe/Berlin")
    assert world.look() == 0, "the same, in other words"
    world.have("weekly Mon 08:00 America/New_York")
    assert world.look() == 1


def test_an_owner_who_is_removed_meanwhile_has_none_and_that_is_seen(world: Digested) -> None:
    [event] = world.come()
    world.have("hourly", BOB)
    world.next_hour()
    assert world.mails() == []
    assert world.all_states([event]) == {("failed", world.owners.off)}
    world.requested(event, "owner")
    assert len(world.publish.taken()) == 1, "to the one who is owner by now"


def test_spam_is_not_in_it_and_what_is_released_later_is_in_the_next(world: Digested) -> None:
    spam, good = world.come(2)
    world.withheld(spam.id, 1)
    world.next_hour()
    [mail] = world.mails()
    assert str(good.id) in plain(mail)
    assert str(spam.id) not in plain(mail)
    assert world.all_states([spam]) == {("cancelled", "withheld")}
    world.released(spam, 2)
    assert world.all_states([spam]) == {("held", DIGEST)}
    assert world.publish.taken() == []
    world.next_hour()
    [mail] = world.mails()
    assert (mail["Subject"], str(spam.id) in plain(mail)) == ("Sign up: one new submission", True)


def test_a_release_of_what_waits_changes_nothing(world: Digested) -> None:
    [event] = world.come()
    world.released(event, 1)
    world.next_hour()
    world.next_hour()
    assert len(world.mails()) == 1


def test_what_was_spam_from_the_beginning_is_in_a_digest_once_it_is_released(world: Digested) -> None:
    [event] = world.come()
    other = replace(event, id=UUID(int=event.id.int ^ 1))
    world.accepted(as_spam(other))
    assert world.rows(other) == []
    world.released(other, 1)
    assert world.all_states([other]) == {("held", DIGEST)}
    world.next_hour()
    assert world.mails()[0]["Subject"] == "Sign up: 2 new submissions"


def test_what_waits_for_its_address_is_in_a_digest_only_after_the_button(world: Digested) -> None:
    [event] = world.come()
    [row] = world.rows(event)
    world.set(row.id, last_error="opt-in", next_attempt_at=None)
    world.next_hour()
    assert (world.mails(), world.all_states([event])) == ([], {("held", "opt-in")})
    world.released(event, 1)
    assert world.all_states([event]) == {("held", DIGEST)}
    world.next_hour()
    assert len(world.mails()) == 1


def test_what_is_erased_meanwhile_is_not_in_it(world: Digested) -> None:
    gone, kept = world.come(2)
    world.erased(gone.id, world.clock())
    assert world.item_count() == 1
    world.next_hour()
    [mail] = world.mails()
    assert (str(gone.id) in plain(mail), str(kept.id) in plain(mail)) == (False, True)
    [last] = world.come()
    world.erased(last.id, world.clock())
    world.next_hour()
    assert world.mails() == []


@pytest.mark.parametrize("state", ["spam", "gone"])
def test_what_storage_calls_spam_or_erased_is_left_out_before_notify_has_heard(world: Digested, state: str) -> None:
    odd, good = world.come(2)
    world.storage.states[odd.id] = state
    world.next_hour()
    [mail] = world.mails()
    assert (mail["Subject"], str(odd.id) in plain(mail)) == ("Sign up: one new submission", False)
    assert (world.all_states([good]), world.all_states([odd])) == ({("sent", None)}, {("held", DIGEST)})
    del world.storage.states[odd.id]
    world.clock.forward(minutes=10)
    world.look()
    assert len(world.mails()) == 1, "it was none after all"


def test_a_mail_is_marked_as_a_delivery_that_it_tells_of(world: Digested) -> None:
    odd, good = world.come(2)
    world.storage.states[odd.id] = "spam"
    world.next_hour()
    assert world.marked == [world.rows(good)[0].id], "what bounces is told of one that was sent"


def test_where_all_lines_are_left_out_the_others_have_their_mail_at_the_next_look(notify_database_url: str) -> None:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    world = Digested(engine, most=2)
    *odd, good = world.come(3)
    world.storage.states |= {one.id: "spam" for one in odd}
    world.look()
    assert world.mails() == [], "none without a line"
    world.look()
    [mail] = world.mails()
    assert (mail["Subject"], str(good.id) in plain(mail)) == ("Sign up: one new submission", True)
    assert (world.all_states(odd), world.all_states([good])) == ({("held", DIGEST)}, {("sent", None)})
    engine.dispose()


def test_what_is_not_stored_yet_has_a_link_and_no_words(world: Digested) -> None:
    [event] = world.come()
    world.storage.unknown.add(event.id)
    world.next_hour()
    [mail] = world.mails()
    assert "A submission" in plain(mail)
    assert str(event.id) in plain(mail)


def test_while_storage_is_away_it_waits(world: Digested) -> None:
    events = world.come(2)
    world.storage.is_away = True
    world.next_hour()
    assert world.mails() == []
    assert world.all_states(events) == {("held", DIGEST)}
    assert list(failing_forms(world.engine, world.clock())) == ["signup"], "it is told like a mail that is retried"
    world.storage.is_away = False
    assert world.look() == 0, "not at once"
    world.clock.forward(seconds=31)
    assert world.look() == 1
    assert len(world.mails()) == 1
    assert list(failing_forms(world.engine, world.clock())) == []


def test_what_somebody_asks_for_by_itself_goes_so_and_is_not_in_it(world: Digested) -> None:
    asked, other = world.come(2)
    world.requested(asked, "owner")
    assert world.work_off() == 1
    world.next_hour()
    [mail] = world.mails()
    assert (str(asked.id) in plain(mail), str(other.id) in plain(mail)) == (False, True)


def test_a_mail_server_that_asks_to_come_again_is_tried_again_under_the_same_id(world: Digested) -> None:
    [event] = world.come()
    world.sender.answers = {"rcpt": 451}
    world.next_hour()
    [row] = world.rows(event)
    assert (row.state, row.last_error, row.attempts) == ("held", DIGEST, 1)
    assert list(failing_forms(world.engine, world.clock())) == ["signup"]
    assert world.look() == 0
    world.sender.answers = {}
    world.clock.forward(seconds=31)
    world.look()
    [mail] = world.mails()
    [row] = world.rows(event)
    assert (row.state, row.attempts) == ("sent", 2)
    assert mail["Message-ID"] == f"<{row.provider_id}@example.org>"
    with world.engine.connect() as connection:
        tries = connection.execute(select(delivery_attempts.c.outcome).order_by(delivery_attempts.c.number)).all()
    assert [one.outcome for one in tries] == ["retrying", "sent"]


def test_one_that_a_bug_keeps_from_being_made_has_failed_after_72_hours(
    world: Digested, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(DigestWording, "words", fail)
    events = world.come(2)
    world.next_hour()
    assert world.all_states(events) == {("held", DIGEST)}, "it is tried again"
    assert failing_forms(world.engine, world.clock()) == {"signup"}
    world.clock.forward(hours=73)
    world.look()
    assert world.all_states(events) == {("failed", "unexpected ZeroDivisionError")}
    assert world.item_count() == 0


def test_one_that_is_refused_has_failed_and_so_has_one_after_72_hours(world: Digested) -> None:
    [event] = world.come()
    world.sender.answers = {"rcpt": 550}
    world.next_hour()
    assert world.all_states([event]) == {("failed", "rcpt 550")}
    [event] = world.come()
    world.sender.answers = {"rcpt": 451}
    for _ in range(20):
        world.clock.forward(hours=6, minutes=1)
        world.look()
    assert world.all_states([event]) == {("failed", "rcpt 451")}
    assert world.look() == 0


def test_while_the_server_rests_nothing_is_tried_and_what_comes_next_waits(world: Digested) -> None:
    events = world.come()
    world.sender.resting = True
    world.clock.forward(hours=1)
    with pytest.raises(DependencyUnavailable):
        world.look()
    events += world.come()
    world.sender.resting = False
    assert world.look() == 1
    assert world.mails()[0]["Subject"] == "Sign up: one new submission"
    assert world.rows(events[0])[0].attempts == 1, "to be resting is no try"
    world.next_hour()
    assert world.mails()[0]["Subject"] == "Sign up: one new submission"


def test_a_death_after_it_left_sends_it_once_more_under_the_same_id_once_the_claim_is_over(world: Digested) -> None:
    def die(point: str) -> None:
        if point == "digest-after-send":
            raise Injected(point)

    event, other = world.come()[0], world.replica(die)
    world.clock.forward(hours=1)
    with pytest.raises(Injected):
        other.look()
    world.clock.forward(seconds=60)  # its lease is over, and its claim is not
    assert world.look() == 0
    world.come()
    world.clock.forward(seconds=120)
    assert world.look() == 1
    first, second = world.mails()
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Subject"] == second["Subject"] == "Sign up: one new submission", "with the same in it"
    assert world.all_states([event]) == {("sent", None)}
    assert world.look() == 0


@pytest.mark.parametrize("point", ["digest-after-gather", "digest-before-send"])
def test_a_death_before_that_loses_nothing_and_sends_one(world: Digested, point: str) -> None:
    def die(reached: str) -> None:
        if reached == point:
            raise Injected(reached)

    world.come(2)
    other = world.replica(die)
    world.clock.forward(hours=1)
    with pytest.raises(Injected):
        other.look()
    world.clock.forward(minutes=3)
    assert world.look() == 1
    assert [mail["Subject"] for mail in world.mails()] == ["Sign up: 2 new submissions"]


def test_two_replicas_send_one_also_where_both_believe_to_have_the_lease(world: Digested) -> None:
    for form in ("a", "b", "c"):
        world.forms[form] = replace(world.forms["signup"], name=form, title=form)
        world.come(3, form=form)
    world.clock.forward(hours=1)
    replicas = [world.replica() for _ in range(2)]
    for one in replicas:
        one.lease._renewed_until = world.clock() + timedelta(hours=1)
    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(one.look) for one in replicas * 2]:
            done.result(60)
    assert sorted(mail["Subject"] for mail in world.mails()) == [f"{one}: 3 new submissions" for one in "abc"]


def test_one_that_was_sent_since_somebody_looked_is_claimed_no_more(world: Digested) -> None:
    world.come(2)
    world.clock.forward(hours=1)
    world.digests.gather()
    [digest] = world.digests.table.due(world.clock())
    assert world.look() == 1
    assert len(world.mails()) == 1
    now = world.clock()
    assert world.replica().table.claim(digest, uuid4(), now, now + timedelta(minutes=1)) is None


def test_who_wants_no_digests_has_none(world: Digested) -> None:
    [event] = world.come()
    world.endings.ended.add(ADA)
    world.next_hour()
    assert world.mails() == []
    assert world.all_states([event]) == {("suppressed", "suppressed: unsubscribed")}


def test_an_event_that_comes_twice_is_told_once(world: Digested) -> None:
    [event] = world.come()
    world.accepted(event)
    assert world.publish.taken() == []
    world.next_hour()
    world.accepted(event)
    world.next_hour()
    assert len(world.mails()) == 1


def test_a_form_that_is_gone_from_the_file_is_waited_for_and_then_its_mails_have_failed(world: Digested) -> None:
    [event] = world.come()
    del world.forms["signup"]
    world.next_hour()
    assert world.all_states([event]) == {("held", DIGEST)}
    world.clock.forward(hours=72)
    world.look()
    assert world.all_states([event]) == {("failed", "unknown form")}


def test_storage_is_told_nothing_of_what_waits_but_how_it_ends_where_it_knows_of_it(world: Digested) -> None:
    first, second = world.come(2)
    assert world.told() == []
    world.withheld(first.id, 1)
    assert [one.state for one in world.told()] == ["cancelled"]
    world.released(first, 2)
    assert [one.state for one in world.told()] == ["cancelled", "pending"]
    world.next_hour()
    assert [one.state for one in world.told()] == ["cancelled", "pending", "sent"]
    assert {one.submission_id for one in world.told()} == {first.id}
    assert world.all_states([second]) == {("sent", None)}


def test_what_is_known_of_digests_is_forgotten(world: Digested, notify_database_url: str) -> None:
    world.come()
    world.next_hour()
    world.digests.table.forget_old(world.clock() + timedelta(hours=23))
    with world.engine.connect() as connection:
        assert len(connection.execute(select(DIGESTS.digests)).all()) == 1
    world.digests.table.forget_old(world.clock() + timedelta(hours=25))
    with world.engine.connect() as connection:
        assert connection.execute(select(DIGESTS.digests)).all() == []
