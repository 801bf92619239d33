"""A mail to an address that is sent none is not composed, and says so to its owner alone."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from notify_service.deliveries.states import SUPPRESSED
from notify_service.deliveries.wanted import Addressed
from notify_service.history.words import in_words
from notify_service.suppression.handler import TakeSuppressed
from notify_service.suppression.reasons import REASONS, Suppressed
from shared.contracts import AddressSuppressed, Confirmation, ConfirmationChanged, InvalidEvent
from shared.messaging.failures import Delivery, DependencyUnavailable, PermanentFailure
from support.account_mails import AccountMails, an_account_mail
from support.events import ACCEPTED_AT, an_event
from support.notify_world import World


@pytest.fixture
def world() -> World:
    return World()


def stopping(*addresses: str) -> tuple[list[Collection[Addressed]], World]:
    world, asked = World(), list[Collection[Addressed]]()

    def suppressed(pairs: Collection[Addressed]) -> Mapping[Addressed, str]:
        asked.append(pairs)
        return {pair: "bounced" for pair in pairs if pair[0] in addresses}

    world.handler.suppressed = suppressed
    return asked, world


def test_a_mail_to_it_is_not_sent_and_a_stranger_sees_what_a_refusal_looks_like() -> None:
    _, world = stopping("ada@example.org")
    event = an_event()
    world.handle(event)
    assert world.sender.sent == []
    shown = Confirmation("email", "failed", 1, ACCEPTED_AT)
    assert [one.for_receipt() for one in world.shown(event)] == [shown]
    assert world.announced == [ConfirmationChanged(event.id, shown)]
    assert world.deliveries.errors == [f"{SUPPRESSED}bounced"]
    assert [row.state for row in world.deliveries.rows.values()] == ["suppressed"]
    assert "before-send" not in world.reached, "nothing was composed"


def test_it_is_settled_and_its_message_is_done_when_it_comes_again() -> None:
    _, world = stopping("ada@example.org")
    event = an_event()
    world.handle(event)
    world.handler.suppressed = lambda _: {}
    world.handle(event, attempt=1)
    assert world.sender.sent == []


def test_all_that_is_taken_at_once_is_asked_about_by_one_question() -> None:
    asked, world = stopping("ada@example.org")
    grace = an_event(fields={"email": "grace@example.org"})
    results = world.handler([Delivery(an_event(), 0), Delivery(grace, 0)])
    assert list(results) == [None] * len(results)
    [pairs] = asked
    assert ("ada@example.org", "signup") in pairs


def test_where_it_cannot_be_asked_nothing_is_claimed(world: World) -> None:
    def away(_: Collection[Addressed]) -> Mapping[Addressed, str]:
        raise DependencyUnavailable("away")

    world.handler.suppressed = away
    with pytest.raises(DependencyUnavailable):
        world.handle(an_event())
    assert world.deliveries.rows == {}


def test_no_line_of_the_log_has_the_address() -> None:
    _, world = stopping("ada@example.org")
    with capture_logs() as logs:
        world.handle(an_event())
    assert any(line["event"] == "confirmation suppressed" for line in logs)
    assert "ada@" not in str(logs)


@pytest.mark.parametrize("reason", REASONS)
def test_an_owner_reads_why_and_what_to_do(reason: str) -> None:
    words = in_words("suppressed", f"{SUPPRESSED}{reason}")
    assert words.endswith("Take the address back on the page Suppression, then send again.")
    assert reason not in {"bounced", "unsubscribed"} or "any more" in words


def test_of_a_reason_of_a_later_version_they_read_the_reason() -> None:
    assert "sent no mail (moved)" in in_words("suppressed", f"{SUPPRESSED}moved")


def test_a_mail_with_a_link_into_an_account_is_not_sent_to_it_either() -> None:
    mails = AccountMails()
    mails.handler = type(mails.handler)(
        mails.handler.wording,
        mails.sender,
        mails.claims,
        mails.clock,
        60.0,
        mails.told.append,
        suppressed={"grace@example.org": "complained"}.get,
    )
    mails.handle(an_account_mail())
    assert (mails.sender.sent, mails.told) == ([], ["suppressed"])


TOLD = AddressSuppressed(uuid4(), "ab" * 32, "a…@example.org", "contact", "digests", ACCEPTED_AT)


@dataclass
class Kept:
    rows: list[Suppressed] = field(default_factory=list)

    def add(self, one: Suppressed) -> bool:
        is_new = one not in self.rows
        self.rows += [one] if is_new else []
        return is_new


def test_who_unsubscribes_is_kept_once_however_often_it_comes() -> None:
    kept, counted = Kept(), list[str]()
    handle = TakeSuppressed(kept, counted.append)
    assert list(handle([Delivery(TOLD), Delivery(replace(TOLD, id=uuid4()))])) == [None, None]
    [one] = kept.rows
    assert (one.reason, one.form, one.stops, one.at) == ("unsubscribed", "contact", "digests", ACCEPTED_AT)
    assert counted == ["unsubscribed"]


def test_a_kind_of_mail_of_a_later_version_is_parked() -> None:
    kept = Kept()
    [result] = TakeSuppressed(kept)([Delivery(replace(TOLD, stops="newsletters"))])
    assert isinstance(result, PermanentFailure)
    assert kept.rows == []


@pytest.mark.parametrize(
    ("member", "value"),
    [("address", "AB" * 32), ("address", "ab"), ("stops", ""), ("stops", "All"), ("at", "soon"), ("form", "f" * 65)],
)
def test_what_is_no_such_event_is_refused(member: str, value: str) -> None:
    document = {**json.loads(TOLD.encode()), member: value}
    with pytest.raises(InvalidEvent, match=member):
        AddressSuppressed.decode(json.dumps(document).encode())
