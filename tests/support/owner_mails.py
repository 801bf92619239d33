"""Composes the mails to a form's owner, and reads them back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from notify_service.channels.mail.attaching import ReadFile, read_nothing
from notify_service.channels.mail.composer import Composer
from notify_service.channels.owner import OwnerChannel
from notify_service.transports.smtp.mail import Mail
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from support.confirmations import MAIL_FROM, NOON, TEMPLATES

OWNER = "owner@example.org"


def an_owner_channel(
    addresses: Sequence[str] = (OWNER,),
    timezone: str = "UTC",
    clock: Callable[[], datetime] = lambda: NOON,
    console_url: str | None = None,
    read_file: ReadFile = read_nothing,
) -> OwnerChannel:
    return OwnerChannel(Composer(MAIL_FROM, clock), TEMPLATES, addresses, timezone, console_url, read_file)


def owner_mails(event: SubmissionAccepted, form: Form, channel: OwnerChannel | None = None) -> list[Mail]:
    """Return the mails that a submission brings its form's owners, as they are sent."""
    channel = channel or an_owner_channel()
    return [channel.compose(event, form, one) for one in channel.plan(event, form)]


def owner_mail(event: SubmissionAccepted, form: Form, channel: OwnerChannel | None = None) -> EmailMessage:
    """Return the only one, as it is read."""
    [mail] = owner_mails(event, form, channel)
    return message_from_bytes(mail.content, policy=policy.default)
