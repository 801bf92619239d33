"""`python -m notify_service preview --form contact --language de > mail.eml` shows a mail without sending it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from notify_service import settings
from notify_service.channels.mail.samples import sample_of
from notify_service.channels.mail.templates import Templates
from notify_service.channels.registry import CHANNELS, ChannelNeeds
from notify_service.commands.terminal import Refused, parser
from notify_service.transports.smtp.mail import Mail
from shared import forms
from shared.contracts import SubmissionAccepted
from shared.forms import Form

_HELP = """Write a mail to standard output as it would be sent, made from an invented submission of a form.

Nothing is sent. A mail program opens the file: … preview --form contact --language de > mail.eml"""

_MAILS = [name for name, listed in CHANNELS.items() if listed.transport == "smtp"]
_SOME_OWNER = "owner@example.org"
"""Whom the owner's mail goes to where the form does not say it."""

_NO_SECRET = "a preview"  # noqa: S105 - what it signs leads nowhere


def preview(arguments: Sequence[str]) -> int:
    """Write a mail of a form to standard output, made from an invented submission."""
    made = parser("preview", _HELP)
    made.add_argument("--form", required=True, help="the form's name")
    made.add_argument("--language", help="the language of the mail; else the form's")
    made.add_argument("--template", choices=_MAILS, default=_MAILS[0], help="which mail; else the confirmation")
    given = made.parse_args(arguments)
    chosen = settings.load_for_preview()
    form = _form(forms.load(chosen.forms), given.form, given.language)
    mail = _mail(chosen, form, sample_of(form, given.language, datetime.now(UTC)), given.template)
    sys.stdout.buffer.write(mail.content)
    return 0


def _form(served: forms.Forms, name: str, language: str | None) -> Form:
    """Return a form, as if it were in a language; raises `Refused`."""
    if name not in served:
        raise Refused(f"there is no form {name[:64]!r}; there are: {', '.join(served)}")
    return replace(served[name], language=language or served[name].language)


def _mail(chosen: settings.PreviewSettings, form: Form, event: SubmissionAccepted, name: str) -> Mail:
    needs = ChannelNeeds(
        chosen.mail_from,
        chosen.form_secrets,
        lambda: event.accepted_at,
        Templates(chosen.templates),
        owner_mail=[_SOME_OWNER],
        timezone=chosen.timezone,
        console_url=chosen.console_url,
        secret=_NO_SECRET,
    )
    channel = CHANNELS[name].make(needs)
    planned = next(iter(channel.plan(event, form)), None)
    if planned is None:
        raise Refused(f"the form {form.name} sends no such mail")
    mail: Mail = channel.compose(event, form, planned)
    return mail
