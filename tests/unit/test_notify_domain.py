from __future__ import annotations

from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest

from notify_service.channels.confirmation import provider_id
from notify_service.channels.mail.composer import message_id
from notify_service.channels.mail.mailboxes import destination_hash
from notify_service.deliveries.retries import is_too_old, retry_after_s
from notify_service.deliveries.states import shown_state
from notify_service.transports.failures import ChannelBroken, Permanent, SendFailure, Transient
from notify_service.transports.smtp.answers import Stage, failure
from shared.messaging.topology import NOTIFY_SMTP
from support.confirmations import NOON

STAGES: tuple[Stage, ...] = get_args(Stage)
BEFORE_THE_MAIL: tuple[Stage, ...] = ("connect", "ehlo", "starttls", "login")
ID = UUID("0b0c7f9e-6f43-4f0c-9d2c-0d9a6a1b2c3d")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", [421, 450, 451, 452, 454])
def test_4xx_is_transient_at_every_stage(stage: Stage, code: int) -> None:
    assert isinstance(failure(stage, code), Transient)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_what_asks_for_a_login_or_tls_breaks_the_channel_at_every_stage(stage: Stage, code: int) -> None:
    assert isinstance(failure(stage, code), ChannelBroken)


@pytest.mark.parametrize(
    ("stage", "code", "expected"),
    [
        ("rcpt", 550, Permanent),
        ("rcpt", 553, Permanent),
        ("data", 552, Permanent),
        ("data", 554, Permanent),
        ("ehlo", 502, ChannelBroken),
        ("mail", 550, ChannelBroken),
        ("mail", None, Transient),
        ("rcpt", None, Transient),
        ("data", None, Transient),
        *((stage, None, ChannelBroken) for stage in BEFORE_THE_MAIL),
        *((stage, 554, ChannelBroken) for stage in BEFORE_THE_MAIL),
        *((stage, -1, ChannelBroken) for stage in BEFORE_THE_MAIL),
        ("rcpt", -1, Transient),
        ("data", 354, Transient),
    ],
)
def test_an_answer_means_what_the_table_says(stage: Stage, code: int | None, expected: type[SendFailure]) -> None:
    assert type(failure(stage, code)) is expected


@pytest.mark.parametrize(
    ("stage", "code", "of_channel"),
    [("rcpt", 450, False), ("rcpt", 421, True), ("data", None, True), ("rcpt", 550, False), ("connect", 450, True)],
)
def test_only_what_tells_of_the_channel_counts_against_it(stage: Stage, code: int | None, of_channel: bool) -> None:
    assert failure(stage, code).tells_of_channel is of_channel


def test_a_reason_names_stage_and_code_alone() -> None:
    assert failure("rcpt", 550).reason == "rcpt 550"
    assert failure("data", None).reason == "data no answer"


def test_pauses_grow_along_the_delay_levels_and_stay_at_the_longest() -> None:
    pauses_s = [retry_after_s(attempts) for attempts in range(1, 9)]
    assert pauses_s == [30, 120, 600, 1800, 7200, 21600, 21600, 21600]
    assert [NOTIFY_SMTP.level_for(pause_s) for pause_s in pauses_s[:6]] == list(NOTIFY_SMTP.levels_s)


def test_a_confirmation_is_given_up_at_72_hours() -> None:
    assert not is_too_old(NOON, NOON + timedelta(hours=71, minutes=59))
    assert is_too_old(NOON, NOON + timedelta(hours=72))


def test_the_message_id_is_the_same_each_time() -> None:
    assert message_id(provider_id(ID), "example.org") == f"<{ID}.email@example.org>"


def test_an_address_is_hashed_in_one_spelling_and_differently_for_each_submission() -> None:
    other = UUID(int=1)
    assert destination_hash(ID, " Ada@Example.ORG ") == destination_hash(ID, "ada@example.org")
    assert destination_hash(ID, "ada@example.org") != destination_hash(other, "ada@example.org")
    assert destination_hash(ID, "ada@example.org") != destination_hash(ID, "bob@example.org")
    assert "ada" not in destination_hash(ID, "ada@example.org")


def test_a_lease_is_no_state_of_a_receipt() -> None:
    assert shown_state("sending") == "pending"
    assert [shown_state(state) for state in ("pending", "retrying", "sent", "failed")] == [
        "pending",
        "retrying",
        "sent",
        "failed",
    ]
