"""Owners' mails over a real connection, also to mailboxes that refuse them."""

from __future__ import annotations

import time
from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from notify_service.transports.breaker import FAILURES_TO_OPEN, Breaker
from notify_service.transports.failures import SendFailure
from shared.contracts import SubmissionAccepted
from shared.forms import Form, Owner
from support.confirmations import a_mail
from support.events import an_event
from support.owner_mails import OWNER, an_owner_channel, owner_mails
from support.planned_world import PlannedWorld
from support.polling import eventually
from support.senders import Connect
from support.smtp import ScriptedSmtp

FORM = Form("signup", "Sign up")
SECOND = "second@example.org"


def test_it_arrives_as_it_was_made_and_can_be_answered(server: ScriptedSmtp, connect: Connect) -> None:
    event = an_event(name='Ada "Countess", Lovelace é', email="ada@example.org", message=".\r\n.dot\n..")
    [mail] = owner_mails(event, FORM)
    connect(server).send(mail, timeout_s=10)
    [received] = server.received
    assert (received.sender, received.recipients) == ("counterfoil@example.org", (OWNER,))
    assert received.content == mail.content
    [answer] = message_from_bytes(received.content, policy=policy.default)["Reply-To"].addresses
    assert (answer.display_name, answer.addr_spec) == ('Ada "Countess", Lovelace é', "ada@example.org")


@pytest.mark.parametrize(
    "answer", ["550 5.1.1 no such user", "552 5.2.2 full", "450 4.2.1 later", "451 4.3.0 greylisted"]
)
def test_a_mailbox_that_refuses_says_nothing_of_the_server(server: ScriptedSmtp, connect: Connect, answer: str) -> None:
    server.refused[OWNER] = answer
    breaker = Breaker(time.monotonic)
    sender = connect(server, breaker=breaker)
    [mail] = owner_mails(an_event(), FORM)
    for _ in range(2 * FAILURES_TO_OPEN):
        with pytest.raises(SendFailure, match=rf"rcpt {answer[:3]}"):
            sender.send(mail, timeout_s=10)
        assert not breaker.is_open
        sender.send(a_mail(), timeout_s=10)
    assert len(server.received) == 2 * FAILURES_TO_OPEN


@pytest.mark.parametrize(("answer", "state"), [("550 no such user", "failed"), ("450 later", "retrying")])
def test_an_owners_mailbox_that_refuses_delays_no_confirmation_and_no_other_owner(
    server: ScriptedSmtp, connect: Connect, answer: str, state: str
) -> None:
    server.refused[OWNER] = answer
    world = PlannedWorld(connect(server))
    world.channels["owner"] = an_owner_channel(clock=world.clock)
    world.forms["signup"] = replace(FORM, owner=Owner(to=(OWNER, SECOND)))
    events = [an_event(email=f"ada-{number}@example.org") for number in range(3 * FAILURES_TO_OPEN)]
    with world.at_work():
        world.submit(*events)
        eventually(lambda: len(server.received) == 2 * len(events), 20, "every other mail arrives")
        expected = {("email", "sent"), ("owner", "sent"), ("owner", state)}
        eventually(lambda: told(world, events) == expected, 20, "the last one is recorded")
    recipients = [one for mail in server.received for one in mail.recipients]
    assert recipients.count(SECOND) == len(events)
    assert OWNER not in recipients


def told(world: PlannedWorld, events: list[SubmissionAccepted]) -> set[tuple[str, str]]:
    return {(one.channel, one.state) for event in events for one in world.mail.shown(event)}
