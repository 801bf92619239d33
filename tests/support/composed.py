"""Reads a confirmation mail as its reader sees it."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from shared.contracts import SubmissionAccepted
from shared.forms import Form
from support.confirmations import a_mail


def composed(event: SubmissionAccepted, form: Form) -> EmailMessage:
    """Compose the confirmation of an event and read it back."""
    return message_from_bytes(a_mail(event, form).content, policy=policy.default)


def bodies(mail: EmailMessage) -> tuple[str, str]:
    """Return the text and the HTML of a mail."""
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    return plain.get_content(), html.get_content()
