"""What people did, and what became of deliveries, in words."""

from __future__ import annotations

from typing import Any

import pytest

from shared.forms import CHANNELS
from storage_service.console.pages.submission.delivery import deliveries_shown
from storage_service.console.pages.submission.timeline import steps_shown
from storage_service.console.pages.submission.words import step_words
from storage_service.deliveries.naming import channel_words
from storage_service.deliveries.selection import RESENT
from storage_service.work import Step
from support.events import WRITTEN_AT

ADA, BEA = "ada@example.org", "bea@example.org"


def a_step(by: str = ADA, **changes: Any) -> Step:
    return Step(WRITTEN_AT, by, changes, version=2)


def said(step: Step) -> str:
    return "".join(piece.text for piece in step_words(step))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": ["new", "done"]}, "marked it as done"),
        ({"state": ["new", "open"]}, "took it in hand"),
        ({"state": ["done", "open"]}, "opened it again"),
        ({"starred": [False, True]}, "starred it"),
        ({"starred": [True, False]}, "took its star off"),
        ({"assignee": [None, ADA]}, "took it on"),
        ({"assignee": [None, BEA]}, f"gave it to {BEA}"),
        ({"assignee": [BEA, None]}, f"took it from {BEA}"),
        ({"assignee": [ADA, None]}, "gave it back"),
        ({"spam": [None, "owner"]}, "marked it as spam"),
        ({"spam": ["honeypot", None]}, "said that it is no spam"),
        ({"spam": ["score", "owner"]}, "marked it as spam"),
        (
            {"labels": {"added": ["a", "b"], "removed": ["c"]}},
            "put on the label a, put on the label b, took off the label c",
        ),
        ({"state": ["new", "done"], "starred": [False, True]}, "marked it as done, starred it"),
        ({"reply": True}, "replied by mail"),
        ({"resend": "confirmation"}, "asked to send again: Confirmation"),
        ({"something of a later version": 1}, "changed it"),
    ],
)
def test_each_change_has_words(changes: dict[str, Any], words: str) -> None:
    assert said(a_step(**changes)) == words


def test_an_address_is_the_same_person_in_capitals_too() -> None:
    assert said(a_step("Ada@example.org", assignee=[None, ADA])) == "took it on"
    assert said(a_step("Ada@example.org", assignee=[ADA, None])) == "gave it back"


def test_what_somebody_chose_is_kept_apart_for_its_direction() -> None:
    named = [piece.text for piece in step_words(a_step(labels={"added": ["دعم"], "removed": []})) if piece.is_named]
    assert named == ["دعم"]


def test_each_channel_has_a_name() -> None:
    assert all(channel_words(one) != one for one in RESENT)
    assert set(CHANNELS) < set(RESENT)


def test_one_press_that_sends_several_again_is_one_entry() -> None:
    steps = [a_step(resend="owner"), a_step(resend="confirmation"), a_step(resend="owner"), a_step(BEA, resend="owner")]
    shown = ["".join(piece.text for piece in entry.pieces) for entry in steps_shown(steps)]
    assert shown == ["asked to send again: Confirmation, Mail to the owner", "asked to send again: Mail to the owner"]


def test_a_delivery_of_an_earlier_notify_is_shown_with_what_is_known() -> None:
    told = {"channel": "email", "state": "sent", "attempts": 1, "tries": [], "changed_at": "2026-11-22T17:03:45Z"}
    [one] = deliveries_shown([told])
    assert (one.channel, one.name, one.words, one.destination) == ("confirmation", "Confirmation", "sent", "")
    assert one.at == one.changed_at
    assert not one.is_to_go_again


def test_tries_are_shown_the_oldest_first() -> None:
    tries = [
        {"number": 2, "at": "2026-11-22T17:04:45Z", "took_ms": 12, "outcome": "sent", "said": "250 ok"},
        {"number": 1, "at": "2026-11-22T17:03:45Z", "took_ms": 30_000, "outcome": "retrying", "said": "451"},
    ]
    [one] = deliveries_shown([{"channel": "owner", "state": "sent", "attempts": 2, "tries": tries}])
    assert [(each.number, each.outcome) for each in one.tries] == [(1, "not yet"), (2, "sent")]
    assert one.at == one.tries[0].at


def test_a_complaint_is_said_of_a_mail_that_was_sent_and_took_no_time() -> None:
    tries = [{"number": 2, "at": "2026-11-22T17:04:45Z", "took_ms": 0, "outcome": "complained", "said": ""}]
    [one] = deliveries_shown([{"channel": "email", "state": "sent", "attempts": 1, "tries": tries}])
    assert (one.words, one.tries[0].took_ms) == ("sent", None)
    assert one.reason == "Whoever got it called it spam: mail to this address was stopped."


def test_what_was_erased_says_only_that_it_was() -> None:
    assert said(a_step()) == "changed it"
    assert said(a_step(erased=True)) == "erased what was here before"
    assert said(a_step(anonymised=True, arrived_after=1)) == "made it anonymous, one that came afterwards was refused"
    assert said(a_step(erased=True, arrived_after=1200)).endswith("1,200 that came afterwards were refused")
