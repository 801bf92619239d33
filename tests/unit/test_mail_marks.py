"""Each mail leaves with a return path of its own, and with the header that its provider hands back."""

from __future__ import annotations

import email
import json
from collections.abc import Callable
from uuid import UUID

import pytest

from notify_service.bounces.building import mark
from notify_service.bounces.settings import BounceSettings
from notify_service.deliveries.marking import Marking
from notify_service.transports.smtp.mail import Mail
from notify_service.transports.smtp.marks import PROVIDERS, Marks
from shared.links.bounce import BounceAddress, BounceTokens
from support.confirmations import a_key
from support.events import an_event
from support.notify_world import World

ID = UUID("5b1f0e0e-3c5c-5a56-9f3e-8d2f1a7c4b60")
TOKENS = BounceTokens("a secret")
ADDRESS = BounceAddress("bounces@example.org")
MAIL = Mail("forms@example.org", "ada@example.org", b"From: forms@example.org\r\nSubject: x\r\n\r\nhello\r\n")


def test_the_return_path_is_of_the_mail_and_the_sender_stays() -> None:
    marked = Marks(TOKENS, ADDRESS)(MAIL, ID)
    assert marked.sender == f"bounces+{TOKENS.sign(ID)}@example.org"
    assert (marked.content, marked.recipient) == (MAIL.content, MAIL.recipient)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_is_told_by_the_header_that_it_documents(provider: str) -> None:
    token = TOKENS.sign(ID)
    marked = Marks(TOKENS, None, provider)(MAIL, ID)  # type: ignore[arg-type]  # one of them
    assert marked.sender == MAIL.sender
    assert marked.content.endswith(MAIL.content)
    message = email.message_from_bytes(marked.content)
    told: dict[str, Callable[[], object]] = {
        "ses": lambda: str(message["X-SES-MESSAGE-TAGS"]).removeprefix("counterfoil="),
        "postmark": lambda: message["X-PM-Metadata-counterfoil"],
        "sendgrid": lambda: json.loads(message["X-SMTPAPI"])["unique_args"]["counterfoil"],
        "mailgun": lambda: json.loads(message["X-Mailgun-Variables"])["counterfoil"],
    }
    assert told[provider]() == token
    assert len([name for name in message if name.startswith("X-")]) == 1
    assert all(len(line) < 998 for line in marked.content.split(b"\r\n"))


def test_without_a_setting_or_a_secret_a_mail_leaves_as_it_is() -> None:
    assert mark(BounceSettings(), "a secret")(MAIL, ID) is MAIL
    assert mark(BounceSettings(ADDRESS), None)(MAIL, ID) is MAIL


def test_a_worker_marks_what_it_sends_and_keeps_whom_it_went_to() -> None:
    world = World()
    world.handler.marking = Marking(Marks(TOKENS, ADDRESS), lambda address: f"hash of {address}")
    event = an_event()
    world.handle(event)
    [sent] = world.sender.sent
    assert sent.sender == ADDRESS.of(TOKENS.sign(a_key(event.id, event.reply_address or "").id))
    [kept] = world.deliveries.sent_to
    assert kept == f"hash of {event.reply_address}"
