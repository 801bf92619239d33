"""Mailboxes that answer by themselves start no loop, whoever is away, and whatever addresses are the same.

RFC 3834 asks that a program answers no mail that says it is a program's. Where one does, its answer reaches a person,
or a mailbox that nobody reads: nothing of ours reads mail.
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from dev.broker import Broker
from support.autoresponders import AnsweringServer, Responder, as_exchange_does, by_the_rules, without_manners
from support.installation import Installation
from support.polling import eventually
from support.visitor import JSON

US, OWNER, VISITOR = "forms@example.org", "owner@example.org", "ada@example.org"
FORMS = f"""
[forms.apart]
owner.to = "{OWNER}"
[forms.ours]
owner.to = "{US}"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[AnsweringServer]:
    with AnsweringServer() as started:
        yield started


@pytest.fixture(scope="module")
def installation(server_directory: Path, rabbitmq: Broker, server: AnsweringServer) -> Iterator[Installation]:
    place, forms = server_directory / "autoresponders", server_directory / "autoresponders.toml"
    forms.write_text(FORMS)
    settings = {"COUNTERFOIL_MAIL_FROM": f"Forms <{US}>"}
    with Installation(
        place, broker_url=rabbitmq.fresh_vhost(), smtp_url=server.url, forms=forms, settings=settings
    ) as running:
        yield running


def submitted(installation: Installation, server: AnsweringServer, form: str, email: str, owner: str) -> str:
    """Submit, wait until both mails are there and some time more, and return the reference."""
    fields = {"name": "Ada", "email": email}
    answer = requests.post(f"{installation.gateway_url}/f/{form}", data=fields, headers=JSON, timeout=10)
    reference = str(answer.json()["id"])

    def both() -> bool:
        ours = [one.mailbox for one in server.arrived if not one.is_answer and reference in one.mail.as_string()]
        return sorted(ours) == sorted([email, owner])

    eventually(both, 30, "the confirmation and the owner's mail arrive")
    time.sleep(1)
    return reference


CASES = [
    ("apart", VISITOR, OWNER),
    ("apart", OWNER, OWNER),  # the owner fills in their own form, or a stranger types their address
    ("apart", US, OWNER),  # a stranger types the address that our mails come from
    ("ours", VISITOR, US),  # the owner reads the mailbox that our mails come from
    ("ours", US, US),
]


@pytest.mark.parametrize(("form", "email", "owner"), CASES)
@pytest.mark.parametrize("responder", [by_the_rules, as_exchange_does])
def test_whoever_is_away_answers_none_of_our_mails(
    installation: Installation, server: AnsweringServer, form: str, email: str, owner: str, responder: Responder
) -> None:
    server.responders = dict.fromkeys((US, OWNER, VISITOR), responder)
    before = len(server.arrived)
    submitted(installation, server, form, email, owner)
    assert [one.mail["Subject"] for one in server.arrived[before:] if one.is_answer] == []


@pytest.mark.parametrize(("form", "email", "owner"), CASES)
def test_one_that_answers_all_the_same_gets_nothing_more_of_us(
    installation: Installation, server: AnsweringServer, form: str, email: str, owner: str
) -> None:
    server.responders = dict.fromkeys((US, OWNER, VISITOR), without_manners)
    server._answered.clear()
    before = len(server.arrived)
    reference = submitted(installation, server, form, email, owner)
    new = server.arrived[before:]
    assert any(one.is_answer for one in new), "else this test shows nothing"
    assert sum(not one.is_answer for one in new) == 2
    assert sum(not one.is_answer and reference in one.mail.as_string() for one in new) == 2


def test_the_responders_of_this_test_answer_a_persons_mail() -> None:
    """Else it would show nothing."""
    with AnsweringServer() as server:
        for responder in (by_the_rules, as_exchange_does, without_manners):
            server.responders, server._answered = {OWNER: responder}, set()
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = VISITOR, OWNER, "Hello"
            mail.set_content("Are you there?")
            before = len(server.arrived)
            with smtplib.SMTP("127.0.0.1", server.port) as client:
                client.send_message(mail)
            assert [one.mailbox for one in server.arrived[before:]] == [OWNER, VISITOR]
