"""Reads a confirmation mail as its reader sees it."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from notify_service.channels.mail import Composer
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from support.confirmations import MAIL_FROM, NOON


def composed(event: SubmissionAccepted, form: Form) -> EmailMessage:
    """Compose the confirmation of an event and read it back."""
    content = Composer(MAIL_FROM, lambda: NOON).compose(event, form, "ada@example.org").content
    return message_from_bytes(content, policy=policy.default)


def bodies(mail: EmailMessage) -> tuple[str, str]:
    """Return the text and the HTML of a mail."""
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    return plain.get_content(), html.get_content()
