"""A request to send again: each brings one further send, however often it comes, whatever became of the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from notify_service.deliveries.caps import Cap, Caps
from notify_service.deliveries.states import NOT_ASKED_FOR, Claim, Held
from notify_service.tables import MIGRATIONS
from shared import database
from shared.contracts import NO_REQUEST, DeliveryRequested, SubmissionAccepted
from shared.forms import ConfirmationMail
from shared.messaging.failures import Delivery, DependencyUnavailable, PermanentFailure, RetryLater
from support.confirmations import NOON
from support.events import an_event
from support.migrating import migrate
from support.wishes import Wishes, as_spam

HOUR = timedelta(hours=1)


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


def test_what_failed_is_sent_once_more_under_another_name(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    wishes.work_off("failed", "rcpt 550")
    [failed] = wishes.rows(event, "confirmation")
    wishes.clock.forward(minutes=1)
    request = wishes.requested(event, "confirmation", failed.id)
    [due] = wishes.publish.due
    again = wishes.planned(due)
    assert (due.request, again.key.request, again.key.id) == (request.id, request.id, due.id)
    assert due.id != failed.id
    assert again.provider_id != failed.provider_id, "another Message-ID: the first one may have arrived all the same"
    assert again.provider_id.startswith(failed.provider_id)
    assert wishes.work_off() == 1
    first, second = wishes.rows(event, "confirmation")
    assert (first.state, first.last_error) == ("failed", "rcpt 550"), "what was, stays"
    assert (second.state, second.requested_by, second.due_at) == ("sent", "ada", wishes.clock())
    assert wishes.states(event, "webhook") == ["webhook failed"], "one channel alone"


def test_taken_twice_it_brings_nothing_more(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    wishes.work_off("failed", "rcpt 550")
    asked = wishes.requested(event, "webhook", wishes.rows(event, "webhook")[0].id)
    wishes.again(asked)
    assert len(wishes.publish.due) == 2, "nobody knows whether the first message is there"
    assert wishes.work_off() == 1
    wishes.again(asked)
    assert wishes.publish.due == []
    assert wishes.states(event, "webhook") == ["webhook failed", "webhook sent"]


def test_what_was_recorded_before_the_broker_was_away_is_published_later(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    wishes.accepted(event)
    wishes.work_off("failed", "rcpt 550")
    asked = DeliveryRequested(uuid4(), "webhook", event, "ada", NOON)
    wishes.publish.is_away = True
    with pytest.raises(DependencyUnavailable):
        wishes.resend([Delivery(asked)])
    wishes.publish.is_away = False
    wishes.again(asked)
    assert wishes.work_off() == 1
    assert wishes.states(event, "webhook") == ["webhook failed", "webhook sent"]


def test_what_a_cap_holds_is_sent_at_once_and_counts_for_nothing(engine: Engine, event: SubmissionAccepted) -> None:
    wishes = Wishes(engine, Caps(recipient=Cap(1, timedelta(days=1)), form=Cap(1, HOUR)))
    wishes.accepted(replace(event, id=uuid4()))
    assert wishes.work_off() == 2
    wishes.accepted(event)
    mail = next(one for one in wishes.publish.taken() if one.channel == "confirmation")
    assert isinstance(wishes.claim(mail), Held)
    asked = wishes.requested(event, "confirmation", mail.id)
    assert [one.id for one in wishes.publish.due] == [mail.id], "the same delivery"
    assert wishes.work_off() == 1
    [row] = wishes.rows(event, "confirmation")
    assert (row.state, row.counted_at, row.recipient_hash) == ("sent", None, None)
    wishes.again(asked)
    assert wishes.publish.due == [], "it was sent by this request"


def test_what_is_under_way_stays_so_and_its_end_is_told(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    mail, _ = sorted(wishes.publish.taken(), key=lambda one: one.channel)
    asked = wishes.requested(event, "confirmation", mail.id)
    assert [one.id for one in wishes.publish.due] == [mail.id], "its message may be gone"
    assert wishes.work_off() == 1
    assert wishes.states(event, "confirmation") == ["confirmation sent"]
    [told] = wishes.told()
    assert (told.delivery_id, told.state, told.request) == (mail.id, "sent", asked.id)


def test_all_of_a_channel_is_sent_again_whatever_became_of_it(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    assert wishes.work_off() == 2
    wishes.requested(event, "webhook")
    assert wishes.work_off() == 1
    assert wishes.states(event) == ["confirmation sent", "webhook sent", "webhook sent"]


def test_what_was_never_planned_can_be_asked_for(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.requested(as_spam(event), "webhook")
    assert wishes.work_off() == 1
    assert wishes.states(event) == ["webhook sent"]


def test_a_mended_address_takes_the_place_of_one_that_is_gone(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    wishes.work_off("failed", "rcpt 550")
    [failed] = wishes.rows(event, "confirmation")
    mended = replace(event, fields={**event.fields, "email": "mended@example.org"})
    wishes.requested(mended, "confirmation", failed.id)
    [due] = wishes.publish.due
    assert wishes.planned(due).destination == "mended@example.org"
    assert wishes.work_off() == 1


def test_where_there_is_nothing_to_send_that_has_failed_and_is_told(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    wishes.work_off("failed", "status 500")
    [failed] = wishes.rows(event, "webhook")
    wishes.told()
    wishes.forms["signup"] = replace(wishes.forms["signup"], webhook=None)
    asked = wishes.requested(event, "webhook", failed.id)
    assert wishes.publish.due == []
    assert [row.last_error for row in wishes.rows(event, "webhook")] == ["status 500", NOT_ASKED_FOR]
    last = wishes.told()[-1]
    assert (last.state, last.request, last.reason) == ("failed", asked.id, NOT_ASKED_FOR)
    assert last.words
    assert last.words.startswith("Somebody asked to send it again")
    wishes.again(asked)
    assert len(wishes.rows(event, "webhook")) == 2


def test_a_form_that_nobody_knows_yet_is_waited_for_from_the_request_on(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    old = replace(event, form="new", accepted_at=NOON - timedelta(days=30))
    asked = DeliveryRequested(uuid4(), "confirmation", old, "ada", NOON)
    [waits] = wishes.resend([Delivery(asked)]) or []
    assert isinstance(waits, RetryLater)
    wishes.forms["new"] = replace(wishes.forms["signup"], name="new", confirmation=ConfirmationMail())
    wishes.again(asked)
    assert wishes.work_off() == 1


def test_a_channel_that_nobody_knows_is_waited_for_and_then_parked(wishes: Wishes, event: SubmissionAccepted) -> None:
    asked = DeliveryRequested(uuid4(), "pigeon", event, "ada", NOON)
    [waits] = wishes.resend([Delivery(asked)]) or []
    assert isinstance(waits, RetryLater)
    wishes.clock.forward(minutes=6)
    [refused] = wishes.resend([Delivery(asked, attempt=1)]) or []
    assert isinstance(refused, PermanentFailure)
    assert str(refused) == "channel 'pigeon' is not known here"


def test_one_that_waits_keeps_no_other_waiting(wishes: Wishes, event: SubmissionAccepted) -> None:
    unknown = DeliveryRequested(uuid4(), "webhook", replace(event, form="nobody's"), "ada", NOON)
    good = DeliveryRequested(uuid4(), "webhook", event, "ada", NOON)
    first, second = wishes.resend([Delivery(unknown), Delivery(good)]) or []
    assert isinstance(first, RetryLater)
    assert second is None
    assert wishes.work_off() == 1


def test_two_requests_for_one_failure_are_two_further_sends(wishes: Wishes, event: SubmissionAccepted) -> None:
    """Storage asks once; a console and a command may ask at the same moment."""
    wishes.accepted(event)
    wishes.work_off("failed", "status 500")
    [failed] = wishes.rows(event, "webhook")
    for _ in range(2):
        wishes.requested(event, "webhook", failed.id)
        assert wishes.work_off() == 1


def test_when_the_event_comes_again_what_was_requested_is_published_with_its_request(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    wishes.accepted(event)
    wishes.work_off("failed", "status 500")
    request = wishes.requested(event, "webhook", wishes.rows(event, "webhook")[0].id)
    wishes.publish.taken()
    wishes.accepted(event)
    [due] = wishes.publish.due
    assert due.request == request.id
    assert isinstance(wishes.claim(due), Claim)


def test_a_first_delivery_is_as_it_always_was(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    for due in wishes.publish.due:
        assert due.request == NO_REQUEST
        assert wishes.planned(due).provider_id in {f"{event.id}.email", f"accepted_{event.id}"}


def shown(wishes: Wishes, event: SubmissionAccepted) -> list[str]:
    """Return what a receipt shows."""
    return [one.state for one in wishes.table.confirmations(event.id) if one.channel == "email"]


def test_a_receipt_shows_what_became_of_what_failed(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    wishes.work_off("failed", "rcpt 550")
    wishes.clock.forward(minutes=1)
    wishes.requested(event, "confirmation")
    assert shown(wishes, event) == ["pending"]
    assert wishes.work_off() == 1
    assert shown(wishes, event) == ["sent"]


def test_a_receipt_stays_confirmed_whatever_becomes_of_a_further_mail(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    wishes.accepted(event)
    assert wishes.work_off() == 2
    wishes.clock.forward(minutes=1)
    wishes.requested(event, "confirmation")
    assert shown(wishes, event) == ["sent"]
    wishes.work_off("failed", "rcpt 550")
    assert shown(wishes, event) == ["sent"]


def test_what_was_sent_before_its_request_came_is_sent_once_and_told_again(
    engine: Engine, event: SubmissionAccepted
) -> None:
    """Notify was away when somebody asked; once it runs, what was held goes by itself, and the request comes too."""
    wishes = Wishes(engine, Caps(form=Cap(1, HOUR)))
    wishes.accepted(replace(event, id=uuid4()))
    wishes.work_off()
    wishes.accepted(event)
    mail = next(one for one in wishes.publish.taken() if one.channel == "confirmation")
    assert isinstance(wishes.claim(mail), Held)
    wishes.clock.forward(minutes=61)
    wishes.publish.due.append(mail)
    assert wishes.work_off() == 1, "there is room by now"
    wishes.told()
    asked = wishes.requested(event, "confirmation", mail.id)
    assert wishes.publish.due == []
    assert wishes.states(event, "confirmation") == ["confirmation sent"]
    last = wishes.told()[-1]
    assert (last.delivery_id, last.state, last.request) == (mail.id, "sent", asked.id), "that ends the request"
    wishes.again(asked)
    assert wishes.publish.due == []


def test_what_was_withheld_before_its_request_came_stays_cancelled(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    mail = next(one for one in wishes.publish.taken() if one.channel == "confirmation")
    wishes.withheld(event.id, 1)
    wishes.requested(event, "confirmation", mail.id)
    assert wishes.publish.due == []
    assert wishes.states(event, "confirmation") == ["confirmation cancelled"]
