"""The sender and the fake that unit tests use for it do the same at each answer of a server."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from notify_service.transports.failures import ChannelBroken, Permanent, SendFailure, Transient
from notify_service.transports.smtp.answers import Stage, failure
from notify_service.transports.smtp.mail import Mail
from notify_service.transports.transport import Transport
from support.confirmations import FakeSender, a_mail
from support.senders import Connect
from support.smtp import DROP, ScriptedSmtp


@dataclass
class Case:
    """A sender under test, whatever it sends to."""

    sender: Transport
    answer: Callable[[Stage, int | None], None]
    received: Callable[[], int]


@pytest.fixture(params=["fake", "smtp", "pipelining"])
def case(request: pytest.FixtureRequest, connect: Connect) -> Iterator[Case]:
    if request.param == "fake":
        fake = FakeSender()
        yield Case(fake, lambda stage, code: fake.answers.update({stage: code}), lambda: len(fake.sent))
        return

    def answer(stage: Stage, code: int | None) -> None:
        server.answering(stage, DROP if code is None else f"{code} told so")

    with ScriptedSmtp(pipelining=request.param == "pipelining") as server:
        yield Case(connect(server), answer, lambda: len(server.received))


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
    case: Case, stage: Stage, code: int | None, expected: type[SendFailure]
) -> None:
    case.answer(stage, code)
    with pytest.raises(SendFailure) as raised:
        case.sender.send(a_mail(), timeout_s=10)
    assert type(raised.value) is expected
    assert raised.value.reason == failure(stage, code).reason
    assert case.received() == (1 if (stage, code) == ("data", None) else 0)


def test_an_address_beyond_ascii_is_asked_for_and_arrives(server: ScriptedSmtp, connect: Connect) -> None:
    connect(server).send(a_mail(address="adä@bücher.example"), timeout_s=10)
    assert server.received[0].recipients == ("adä@xn--bcher-kva.example",)


def test_an_address_beyond_ascii_fails_where_the_server_cannot(connect: Connect) -> None:
    with ScriptedSmtp(utf8=False) as server, pytest.raises(Permanent, match="SMTPUTF8"):
        connect(server).send(a_mail(address="adä@example.org"), timeout_s=10)


def test_a_refusal_of_an_address_beyond_ascii_alone_holds_up_no_other_mail(connect: Connect) -> None:
    with ScriptedSmtp(utf8_refused=True) as server:
        sender = connect(server)
        for _ in range(2):
            with pytest.raises(Permanent, match="mail 553 with SMTPUTF8"):
                sender.send(a_mail(address="adä@example.org"), timeout_s=10)
            sender.send(a_mail(), timeout_s=10)
        assert [one.recipients for one in server.received] == [("ada@example.org",)] * 2


def test_a_refusal_of_every_mail_is_no_fault_of_an_address_beyond_ascii(server: ScriptedSmtp, connect: Connect) -> None:
    server.answering("mail", "553 not from there")
    with pytest.raises(ChannelBroken):
        connect(server).send(a_mail(address="adä@example.org"), timeout_s=10)


def test_no_address_becomes_a_second_one(server: ScriptedSmtp, connect: Connect) -> None:
    injected = Mail("counterfoil@example.org", "ada@example.org>\r\nRCPT TO:<eve@example.org", b"x")
    with contextlib.suppress(Permanent):
        connect(server).send(injected, timeout_s=10)
    assert not [one for one in server.received if one.recipients != ("ada@example.org",)]
