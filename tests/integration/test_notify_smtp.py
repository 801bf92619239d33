"""The sender against a real SMTP server, and the fake that unit tests use for it: one behaviour."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy

import pytest

from notify_service import domain, email
from notify_service.breaker import FAILURES_TO_OPEN, Breaker
from notify_service.domain import ChannelBroken, Mail, Permanent, SendFailure, Transient
from notify_service.email import SmtpSender
from notify_service.handler import Sender
from notify_service.settings import SmtpServer, parse_smtp_url
from notify_service.smtp_session import SmtpSession
from shared.messaging.failures import DependencyUnavailable
from support.confirmations import FakeSender, a_mail
from support.events import an_event
from support.polling import eventually
from support.smtp import CERTIFICATE, DRIBBLE, DROP, ScriptedSmtp

Connect = Callable[..., SmtpSender]


@pytest.fixture
def server() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as started:
        yield started


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Make a sender to a server; `trusting=False` does not know the server's certificate."""
    with contextlib.ExitStack() as made:

        def sender(
            server: ScriptedSmtp, url: str = "", *, trusting: bool = True, breaker: Breaker | None = None
        ) -> SmtpSender:
            tls = ssl.create_default_context(cafile=str(CERTIFICATE) if trusting else None)
            target = parse_smtp_url(url.format(port=server.port)) if url else SmtpServer("127.0.0.1", server.port)
            one = SmtpSender(target, breaker or Breaker(time.monotonic), hello="test", tls=tls)
            made.callback(one.close)
            return one

        yield sender


@dataclass
class Case:
    """A sender under test, whatever it sends to."""

    sender: Sender
    answer: Callable[[domain.Stage, int | None], None]
    received: Callable[[], int]


@pytest.fixture(params=["fake", "smtp"])
def case(request: pytest.FixtureRequest) -> Case:
    if request.param == "fake":
        fake = FakeSender()
        return Case(fake, lambda stage, code: fake.answers.update({stage: code}), lambda: len(fake.sent))
    server: ScriptedSmtp = request.getfixturevalue("server")
    sender = request.getfixturevalue("connect")(server)

    def answer(stage: domain.Stage, code: int | None) -> None:
        server.answering(stage, DROP if code is None else f"{code} told so")

    return Case(sender, answer, lambda: len(server.received))


@pytest.mark.parametrize(
    ("stage", "code", "expected"),
    [
        ("connect", 421, Transient),
        ("connect", 554, ChannelBroken),
        ("connect", None, ChannelBroken),
        ("ehlo", 421, Transient),
        ("ehlo", 550, ChannelBroken),
        ("mail", 421, Transient),
        ("mail", 451, Transient),
        ("mail", 530, ChannelBroken),
        ("mail", 550, ChannelBroken),
        ("mail", None, Transient),
        ("rcpt", 421, Transient),
        ("rcpt", 450, Transient),
        ("rcpt", 530, ChannelBroken),
        ("rcpt", 550, Permanent),
        ("rcpt", None, Transient),
        ("data", 451, Transient),
        ("data", 535, ChannelBroken),
        ("data", 554, Permanent),
        ("data", None, Transient),
    ],
)
def test_an_answer_is_what_the_table_says(
    case: Case, stage: domain.Stage, code: int | None, expected: type[SendFailure]
) -> None:
    case.answer(stage, code)
    with pytest.raises(SendFailure) as raised:
        case.sender.send(a_mail(), timeout_s=10)
    assert type(raised.value) is expected
    assert raised.value.reason == domain.failure(stage, code).reason
    assert case.received() == (1 if (stage, code) == ("data", None) else 0)


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


def test_nobody_listening_breaks_the_channel(server: ScriptedSmtp, connect: Connect) -> None:
    sender = connect(server)
    server.stop()
    with pytest.raises(ChannelBroken, match="connect no answer"):
        sender.send(a_mail(), timeout_s=10)
    server.start()
    sender.send(a_mail(), timeout_s=10)


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_a_server_that_never_finishes_its_answer_is_left_in_time(
    server: ScriptedSmtp, connect: Connect, stage: domain.Stage
) -> None:
    server.answering(stage, DRIBBLE)
    began_s = time.monotonic()
    with pytest.raises(SendFailure) as raised:
        connect(server).send(a_mail(), timeout_s=0.5)
    assert time.monotonic() - began_s < 3
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
    first.check()
    with pytest.raises(DependencyUnavailable):
        second.check()
    first.send(a_mail(), timeout_s=10)
    second.check()


def test_refusals_of_single_mails_leave_the_breaker_closed(server: ScriptedSmtp, connect: Connect) -> None:
    sender = connect(server)
    for answer in ["450 later", "550 never"] * FAILURES_TO_OPEN:
        server.answering("rcpt", answer)
        with pytest.raises(SendFailure):
            sender.send(a_mail(), timeout_s=10)
        sender.check()


TLS_CASES = {
    "starttls": (ScriptedSmtp(starttls=True), "smtp://127.0.0.1:{port}?starttls=required"),
    "starttls-if-offered": (ScriptedSmtp(starttls=True), "smtp://localhost:{port}"),
    "implicit": (ScriptedSmtp(implicit_tls=True), "smtps://127.0.0.1:{port}"),
    "starttls-login": (
        ScriptedSmtp(starttls=True, login=("ada", "p@ss:word")),
        "smtp://ada:p%40ss%3Aword@127.0.0.1:{port}",
    ),
    "implicit-login": (
        ScriptedSmtp(implicit_tls=True, login=("ada", "p@ss:word")),
        "smtps://ada:p%40ss%3Aword@127.0.0.1:{port}",
    ),
}


@pytest.mark.parametrize("kind", TLS_CASES)
def test_mail_goes_through_tls_and_login_and_only_to_a_known_certificate(kind: str, connect: Connect) -> None:
    server, url = TLS_CASES[kind]
    with server:
        connect(server, url).send(a_mail(), timeout_s=10)
        assert len(server.received) == server.secured == 1
        with pytest.raises(ChannelBroken, match="SSLCertVerificationError"):
            connect(server, url, trusting=False).send(a_mail(), timeout_s=10)
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("server", "url", "reason"),
    [
        (ScriptedSmtp(), "smtp://127.0.0.1:{port}?starttls=required", "starttls SMTPNotSupportedError"),
        (ScriptedSmtp(), "smtp://ada:secret@127.0.0.1:{port}", "starttls SMTPNotSupportedError"),
        (ScriptedSmtp(starttls=True), "smtp://127.0.0.1:{port}?starttls=never", "mail 530"),
        (ScriptedSmtp(), "smtp://ada:secret@127.0.0.1:{port}?starttls=never", "login SMTPNotSupportedError"),
        (ScriptedSmtp(starttls=True, login=("ada", "right")), "smtp://ada:wrong@127.0.0.1:{port}", "login 535"),
        (ScriptedSmtp(starttls=True, login=("ada", "right")), "smtp://127.0.0.1:{port}", "mail 530"),
        (
            ScriptedSmtp(starttls=True, login=("ada", "right")),
            "smtp://ada:%C3%A9@127.0.0.1:{port}",
            "login not in ASCII",
        ),
        (ScriptedSmtp(), "smtps://127.0.0.1:{port}", "connect SSLError"),
    ],
)
def test_what_is_wrong_with_the_way_to_the_server_breaks_the_channel(
    server: ScriptedSmtp, url: str, reason: str, connect: Connect
) -> None:
    with server, pytest.raises(ChannelBroken) as raised:
        connect(server, url).send(a_mail(), timeout_s=10)
    assert raised.value.reason == reason
    assert server.received == []


def test_an_address_beyond_ascii_is_asked_for_and_arrives(server: ScriptedSmtp, connect: Connect) -> None:
    connect(server).send(a_mail(address="adä@bücher.example"), timeout_s=10)
    assert server.received[0].recipients == ("adä@xn--bcher-kva.example",)


def test_an_address_beyond_ascii_fails_where_the_server_cannot(connect: Connect) -> None:
    with ScriptedSmtp(utf8=False) as server, pytest.raises(Permanent, match="SMTPUTF8"):
        connect(server).send(a_mail(address="adä@example.org"), timeout_s=10)


def test_no_address_becomes_a_second_one(server: ScriptedSmtp, connect: Connect) -> None:
    injected = Mail("counterfoil@example.org", "ada@example.org>\r\nRCPT TO:<eve@example.org", b"x")
    with contextlib.suppress(Permanent):
        connect(server).send(injected, timeout_s=10)
    assert not [one for one in server.received if one.recipients != ("ada@example.org",)]


def test_closing_takes_leave(server: ScriptedSmtp, connect: Connect) -> None:
    sender = connect(server)
    sender.send(a_mail(), timeout_s=10)
    sender.close()
    sender.close()
    eventually(lambda: server.connections == 1, 5, "one connection was made")
    sender.send(a_mail(), timeout_s=10)
    assert server.connections == 2
