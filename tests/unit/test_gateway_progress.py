"""What a receipt says while the event of its confirmation is parked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from gateway.receipts.progress import PATIENCE, Progress
from gateway.receipts.tokens import Ticket
from shared.contracts import Confirmation, ConfirmationChanged, ConfirmationState
from support.events import ACCEPTED_AT

PARKED_AT = ACCEPTED_AT + timedelta(minutes=1)
TICKET = Ticket(UUID(int=7), "signup", ACCEPTED_AT, confirmed=True)
PARKED = Progress(TICKET, ACCEPTED_AT, storage_known=True, confirmations=(), parked={"email": PARKED_AT})


def a_confirmation(state: ConfirmationState) -> Confirmation:
    return Confirmation("email", state, 2, ACCEPTED_AT)


def test_a_confirmation_that_is_due_has_failed_since_then() -> None:
    assert (PARKED.state, PARKED.is_final) == ("failed", True)
    assert PARKED.shown_confirmations == (Confirmation("email", "failed", 0, PARKED_AT),)


@pytest.mark.parametrize("state", ["pending", "retrying"])
def test_one_that_was_begun_has_failed_since_then(state: ConfirmationState) -> None:
    shown = replace(PARKED, confirmations=(a_confirmation(state),))
    assert shown.shown_confirmations == (Confirmation("email", "failed", 2, PARKED_AT),)


@pytest.mark.parametrize("state", ["sent", "failed"])
def test_one_that_is_settled_stays_so(state: ConfirmationState) -> None:
    assert replace(PARKED, confirmations=(a_confirmation(state),)).shown_confirmations == (a_confirmation(state),)


def test_one_that_is_not_due_is_none() -> None:
    shown = replace(PARKED, ticket=replace(TICKET, confirmed=False))
    assert (shown.state, shown.shown_confirmations) == ("stored", ())


def test_while_it_is_not_stored_it_is_accepted() -> None:
    assert replace(PARKED, stored_at=None).state == "accepted"


def test_after_a_replay_it_goes_on() -> None:
    news = ConfirmationChanged(TICKET.id, a_confirmation("retrying"))
    assert (PARKED.after(news).state, PARKED.after(news).is_final) == ("stored", False)
    assert replace(PARKED, parked={}).or_else(PARKED).state == "stored"


def test_what_was_known_holds_while_notify_says_nothing() -> None:
    assert replace(PARKED, confirmations=None, parked={}).or_else(PARKED).state == "failed"


STORED = Progress(TICKET, ACCEPTED_AT, storage_known=True, confirmations=(), known_at=ACCEPTED_AT + PATIENCE)
UNTRIED = Confirmation("email", "pending", 0, ACCEPTED_AT)


@pytest.mark.parametrize(
    ("progress", "final"),
    [
        (STORED, True),
        (replace(STORED, confirmations=(UNTRIED,)), True),
        (replace(STORED, confirmations=(UNTRIED, UNTRIED)), True),
        (replace(STORED, known_at=ACCEPTED_AT + PATIENCE - timedelta(microseconds=1)), False),
        (replace(STORED, known_at=None), False),
        (replace(STORED, stored_at=None), False),
        (replace(STORED, confirmations=None), False),
        (replace(STORED, confirmations=(a_confirmation("pending"),)), False),
        (replace(STORED, confirmations=(a_confirmation("retrying"),)), False),
        (replace(STORED, confirmations=(UNTRIED, a_confirmation("retrying"))), False),
        (replace(STORED, first_accepted_at=ACCEPTED_AT - timedelta(hours=1), known_at=ACCEPTED_AT), True),
    ],
)
def test_what_is_stored_and_nobody_begins_to_confirm_is_final_after_fifteen_minutes(
    progress: Progress, final: bool
) -> None:
    assert progress.is_final is final
    assert progress.is_unsent is final
    assert progress.to_json()["final"] is final
    assert progress.state in {"stored", "accepted"}


def test_what_is_sent_later_shows() -> None:
    later = STORED.after(ConfirmationChanged(TICKET.id, a_confirmation("sent")))
    assert (later.state, later.is_unsent) == ("confirmed", False)
    assert STORED.version != later.version
    assert STORED.version != replace(STORED, known_at=ACCEPTED_AT).version, "who follows it is told of its end"
