"""A connection carries many mails, and is given up in time; the breaker is for all senders."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time
from email import message_from_bytes, policy

import pytest

from notify_service.transports.breaker import FAILURES_TO_OPEN, Breaker
from notify_service.transports.failures import ChannelBroken, Permanent, SendFailure, Transient
from notify_service.transports.smtp import sender as email
from notify_service.transports.smtp.answers import Stage
from notify_service.transports.smtp.server import SmtpServer
from notify_service.transports.smtp.session import SmtpSession
from shared.messaging.failures import DependencyUnavailable
from support.confirmations import a_mail
from support.events import an_event
from support.polling import eventually
from support.senders import Connect
from support.smtp import DRIBBLE, ScriptedSmtp


def test_a_mail_arrives_as_it_was_made(server: ScriptedSmtp, connect: Connect) -> None:
    event = an_event(name=".\r\n.dot\n..", email="ada@example.org")
    mail = a_mail(event)
    connect(server).send(mail, timeout_s=10)
    [received] = server.received
    assert received.sender == "counterfoil@example.org"
    assert received.recipients == ("ada@example.org",)
    assert received.content == mail.content
    assert message_from_bytes(received.content, policy=policy.default)["To"] == "ada@example.org"


def test_one_connection_carries_many_mails_and_survives_a_refusal(server: ScriptedSmtp, connect: Connect) -> None:
    sender = connect(server)
    for _ in range(3):
        sender.send(a_mail(), timeout_s=10)
    server.answering("rcpt", "550 no")
    with pytest.raises(Permanent):
        sender.send(a_mail(), timeout_s=10)
    del server.answers["rcpt"]
    sender.send(a_mail(), timeout_s=10)
    assert len(server.received) == 4
    assert server.connections == 1


def test_what_was_sent_ahead_of_a_refusal_ends_with_no_mail(connect: Connect) -> None:
    with ScriptedSmtp(pipelining=True, lenient=True) as server:
        sender = connect(server)
        server.answering("rcpt", "550 no")
        with pytest.raises(Permanent, match="rcpt 550"):
            sender.send(a_mail(), timeout_s=10)
        del server.answers["rcpt"]
        mail = a_mail()
        sender.send(mail, timeout_s=10)
    assert [received.content for received in server.received] == [mail.content]
    assert server.connections == 1


@pytest.mark.parametrize("idle", [False, True])
def test_a_connection_that_the_server_closed_meanwhile_costs_the_mail_nothing(
    server: ScriptedSmtp, connect: Connect, monkeypatch: pytest.MonkeyPatch, idle: bool
) -> None:
    monkeypatch.setattr(email, "IDLE_S", -1.0 if idle else 1000.0)
    sender = connect(server)
    sender.send(a_mail(), timeout_s=10)
    server.stop()
    server.start()
    sender.send(a_mail(), timeout_s=10)
    assert len(server.received) == 2


def test_a_421_on_a_kept_connection_is_answered_by_a_new_one(server: ScriptedSmtp, connect: Connect) -> None:
    sender = connect(server)
    sender.send(a_mail(), timeout_s=10)
    server.answering("mail", "421 too many mails in this session")
    with pytest.raises(Transient):
        sender.send(a_mail(), timeout_s=10)
    assert server.connections == 2


def test_a_connection_that_takes_no_further_mail_is_replaced_at_once(connect: Connect) -> None:
    with ScriptedSmtp(mails_per_connection=2) as server:
        sender = connect(server)
        for _ in range(5):
            sender.send(a_mail(), timeout_s=10)
        assert len(server.received) == 5
        assert server.connections == 3


@pytest.mark.parametrize("answer", ["421 busy", "452 full", "550 no"])
def test_no_connection_is_kept_on_which_mail_was_refused(server: ScriptedSmtp, connect: Connect, answer: str) -> None:
    sender = connect(server)
    server.answering("mail", answer)
    with pytest.raises(SendFailure):
        sender.send(a_mail(), timeout_s=10)
    del server.answers["mail"]
    sender.send(a_mail(), timeout_s=10)
    assert len(server.received) == 1
    assert server.connections == 2


def test_closing_takes_leave(server: ScriptedSmtp, connect: Connect) -> None:
    sender = connect(server)
    sender.send(a_mail(), timeout_s=10)
    sender.close()
    sender.close()
    eventually(lambda: server.connections == 1, 20, "one connection was made")
    sender.send(a_mail(), timeout_s=10)
    assert server.connections == 2


def test_nobody_listening_breaks_the_channel(server: ScriptedSmtp, connect: Connect) -> None:
    sender = connect(server)
    server.stop()
    with pytest.raises(ChannelBroken, match="connect no answer"):
        sender.send(a_mail(), timeout_s=10)
    server.start()
    sender.send(a_mail(), timeout_s=10)


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_a_server_that_never_finishes_its_answer_is_left_in_time(
    server: ScriptedSmtp, connect: Connect, stage: Stage
) -> None:
    server.answering(stage, DRIBBLE)
    began_s = time.monotonic()
    with pytest.raises(SendFailure) as raised:
        connect(server).send(a_mail(), timeout_s=0.5)
    assert time.monotonic() - began_s < 10, "it would dribble for ever"
    assert raised.value.reason == f"{stage} no answer"


def test_after_its_time_a_mail_is_not_sent(server: ScriptedSmtp, connect: Connect) -> None:
    sender = connect(server)
    sender.send(a_mail(), timeout_s=10)
    with pytest.raises(SendFailure):
        sender.send(a_mail(), timeout_s=-1)
    assert len(server.received) == 1


def test_after_its_deadline_a_session_writes_nothing(server: ScriptedSmtp) -> None:
    target, tls = SmtpServer("127.0.0.1", server.port), ssl.create_default_context()
    session = SmtpSession(target, hello="test", tls=tls, deadline_s=time.monotonic() + 10)
    wire = session.sock
    assert wire is not None
    watched = wire.dup()
    session.deadline_s = time.monotonic()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        session.send("QUIT\r\n")
    watched.settimeout(0.2)
    with watched, pytest.raises(TimeoutError):
        watched.recv(100)  # the server was asked nothing, so it does not answer


def test_the_breaker_opens_for_every_sender_and_closes_on_success(server: ScriptedSmtp, connect: Connect) -> None:
    now_s = [0.0]
    breaker = Breaker(lambda: now_s[0])
    first, second = connect(server, breaker=breaker), connect(server, breaker=breaker)
    server.answering("mail", "535 no")
    for sender in [first, second] * FAILURES_TO_OPEN:
        with contextlib.suppress(DependencyUnavailable):
            sender.check()
            with pytest.raises(ChannelBroken):
                sender.send(a_mail(), timeout_s=10)
    assert server.connections == FAILURES_TO_OPEN
    del server.answers["mail"]
    now_s[0] = 30.0
    for sender in (first, second):
        sender.check()
    assert breaker.admits(), "a third one's try"
    for try_it in (first.check, lambda: second.send(a_mail(), timeout_s=10)):
        with pytest.raises(DependencyUnavailable):
            try_it()
    assert server.connections == FAILURES_TO_OPEN
    now_s[0] = 60.0
    first.send(a_mail(), timeout_s=10)
    second.check()


def test_refusals_of_single_mails_leave_the_breaker_closed(server: ScriptedSmtp, connect: Connect) -> None:
    sender = connect(server)
    for answer in ["450 later", "550 never"] * FAILURES_TO_OPEN:
        server.answering("rcpt", answer)
        with pytest.raises(SendFailure):
            sender.send(a_mail(), timeout_s=10)
        sender.check()
