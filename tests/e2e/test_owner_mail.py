"""The owner of a form has a mail for each submission, and can answer it."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest
import requests

from dev.mail_sink import MailSink
from support.installation import Installation
from support.polling import eventually
from support.visitor import JSON, Visitor

OWNERS = ("owner@example.org", "second@example.org")
MESSAGE = "The boiler is cold.\n\n<b>Please</b> call: https://www.example.org/boiler"


@pytest.fixture
def mails(visitor: Visitor, whole: Installation, whole_sink: MailSink) -> dict[str, EmailMessage]:
    """The three mails of one inquiry, by whom they went to."""
    fields = {"name": "Ada Lovelace", "email": visitor.address, "topic": "A fault", "message": MESSAGE}
    answer = requests.post(f"{whole.gateway_url}/f/contact", data=fields, headers=JSON, timeout=10)
    assert answer.status_code == 202, answer.text
    reference = answer.json()["id"]

    def three() -> dict[str, EmailMessage]:
        found = {mail["X-Envelope-To"]: mail for mail in whole_sink.messages() if reference in mail.as_string()}
        return found if found.keys() >= {*OWNERS, visitor.address} else {}

    found = eventually(three, 30, "two owners and the visitor have a mail")
    receipt = visitor.await_confirmed(answer.json()["receipt_url"])
    assert [one["channel"] for one in receipt["confirmations"]] == ["email"], "a receipt shows no owner's mail"
    return found


def test_each_owner_has_a_mail_of_their_own_that_says_all_of_it(mails: dict[str, EmailMessage]) -> None:
    assert len(mails) == 3
    for owner, other in (OWNERS, OWNERS[::-1]):
        mail = mails[owner]
        assert mail["To"] == owner
        assert other not in mail.as_string()
        assert mail["Subject"] == "Contact: Ada Lovelace"
        assert mail["Auto-Submitted"] == "auto-generated"
        plain = mail.get_body(("plain",))
        assert plain is not None
        said = plain.get_content()
        for line in (
            "What is it about? A fault",
            "  The boiler is cold.",
            "  <b>Please</b> call: https://www.example.org",
        ):
            assert line in said
        assert "(Europe/Berlin)" in said


def test_an_answer_to_it_goes_to_who_submitted(
    mails: dict[str, EmailMessage], visitor: Visitor, whole_sink: MailSink
) -> None:
    asked = mails[OWNERS[0]]
    reply = EmailMessage()
    reply["From"], reply["To"] = OWNERS[0], str(asked["Reply-To"])  # as RFC 5322 (3.6.2) has it, and every mail program
    reply["Subject"], reply["In-Reply-To"] = f"Re: {asked['Subject']}", asked["Message-ID"]
    reply.set_content("I come tomorrow.")
    with smtplib.SMTP("127.0.0.1", whole_sink.smtp_port) as server:
        server.send_message(reply)
    received = [mail for mail in visitor.mails() if mail["Subject"] == "Re: Contact: Ada Lovelace"]
    assert len(received) == 1
    assert received[0]["To"].addresses[0].display_name == "Ada Lovelace"


def test_nobody_is_told_of_spam(visitor: Visitor, whole: Installation, whole_sink: MailSink) -> None:
    fields = {"name": "Ada", "email": visitor.address, "message": "x", "_gotcha": "filled in"}
    reference = requests.post(f"{whole.gateway_url}/f/contact", data=fields, headers=JSON, timeout=10).json()["id"]
    good = {**fields, "_gotcha": ""}
    after = requests.post(f"{whole.gateway_url}/f/contact", data=good, headers=JSON, timeout=10).json()["id"]

    def told(submission: str) -> int:
        return sum(submission in mail.as_string() for mail in whole_sink.messages())

    eventually(lambda: told(after) == 3, 30, "what came after it is told")
    assert told(reference) == 0
