"""Owners' mails over a real connection, also to mailboxes that refuse them."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from notify_service.channels.mail.attaching import ATTACHED_MOST, StoreReader
from notify_service.transports.breaker import FAILURES_TO_OPEN, Breaker
from notify_service.transports.failures import SendFailure
from shared.contracts import SubmissionAccepted
from shared.files.directory import DirectoryFiles
from shared.forms import Form, Owner
from support.composed import bodies
from support.confirmations import a_mail
from support.events import a_file, an_event, with_files
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


def test_five_megabytes_of_files_arrive_as_they_were_sent(
    server: ScriptedSmtp, connect: Connect, tmp_path: Path
) -> None:
    store, name = DirectoryFiles(tmp_path), "Lebenslauf „Ada“.pdf"
    contents = [b"\r\n.\r\n" + os.urandom(ATTACHED_MOST // 2 - 5), b".dot\n" * 10]
    files = [
        a_file(name=name, size=len(one), sha256=hashlib.sha256(one).hexdigest(), number=number)
        for number, one in enumerate(contents, start=1)
    ]
    for file, content in zip(files, contents, strict=True):
        store.put(file.key, [content])
    channel = an_owner_channel(read_file=StoreReader(store))
    [mail] = owner_mails(
        with_files(an_event(), *files), Form("signup", "Sign up", owner=Owner(attach="small")), channel
    )
    connect(server).send(mail, timeout_s=60)
    [received] = server.received
    read = message_from_bytes(received.content, policy=policy.default)
    parts = list(read.iter_attachments())
    assert [(one.get_filename(), one.get_payload(decode=True)) for one in parts] == [(name, one) for one in contents]
    assert "attached" in bodies(read)[0]


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
