"""`python -m notify_service preview --form contact --language de > mail.eml` shows a mail without sending it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from notify_service import settings
from notify_service.channels.mail.samples import sample_of
from notify_service.channels.mail.templates import Templates
from notify_service.channels.opt_in_wording import NAME as OPT_IN
from notify_service.channels.owner import OwnerChannel
from notify_service.channels.registry import CHANNELS, ChannelNeeds
from notify_service.commands.terminal import Refused, parser
from notify_service.digests.mail import mail_of
from notify_service.digests.samples import sample_digest
from notify_service.digests.wording import NAME as DIGEST
from notify_service.digests.wording import Digested, DigestWording
from notify_service.transports.smtp.mail import Mail
from shared import forms
from shared.contracts import SubmissionAccepted
from shared.forms import Form

_HELP = """Write a mail to standard output as it would be sent, made from an invented submission of a form.

Nothing is sent. A mail program opens the file: … preview --form contact --language de > mail.eml"""

_CHANNELS = {name: name for name, listed in CHANNELS.items() if listed.transport == "smtp"} | {OPT_IN: "confirmation"}
"""The mails about one submission: which channel sends each."""

_DIGESTS = {DIGEST: False, "many": True}
"""The mails about several: whether they came too fast for a mail each."""

_WHICH = "which mail; else the confirmation, which is opt_in where the form asks to confirm the address"
_SOME_OWNER = "owner@example.org"
"""Whom the owner's mail goes to where the form does not say it."""

_NO_SECRET = "a preview"  # noqa: S105 - what it signs leads nowhere


def preview(arguments: Sequence[str]) -> int:
    """Write a mail of a form to standard output, made from an invented submission."""
    made = parser("preview", _HELP)
    made.add_argument("--form", required=True, help="the form's name")
    made.add_argument("--language", help="the language of the mail; else the form's")
    made.add_argument("--template", choices=[*_CHANNELS, *_DIGESTS], default="confirmation", help=_WHICH)
    given = made.parse_args(arguments)
    chosen = settings.load_for_preview()
    form = _form(forms.load(chosen.forms), given.form, given.language)
    now = datetime.now(UTC)
    needs = _needs(chosen, now)
    if given.template in _DIGESTS:
        mail = _digest(needs, form, sample_digest(now, is_many=_DIGESTS[given.template]))
    else:
        mail = _mail(needs, form, sample_of(form, given.language, now), given.template)
    sys.stdout.buffer.write(mail.content)
    return 0


def _form(served: forms.Forms, name: str, language: str | None) -> Form:
    """Return a form, as if it were in a language; raises `Refused`."""
    if name not in served:
        raise Refused(f"there is no form {name[:64]!r}; there are: {', '.join(served)}")
    return replace(served[name], language=language or served[name].language)


def _needs(chosen: settings.PreviewSettings, now: datetime) -> ChannelNeeds:
    return ChannelNeeds(
        chosen.mail_from,
        chosen.form_secrets,
        lambda: now,
        Templates(chosen.templates),
        owner_mail=[_SOME_OWNER],
        timezone=chosen.timezone,
        console_url=chosen.console_url,
        secret=_NO_SECRET,
    )


def _mail(needs: ChannelNeeds, form: Form, event: SubmissionAccepted, name: str) -> Mail:
    if name == OPT_IN and not event.opt_in:
        raise _no_such(form)
    channel = CHANNELS[_CHANNELS[name]].make(needs)
    planned = next(iter(channel.plan(event, form)), None)
    if planned is None:
        raise _no_such(form)
    mail: Mail = channel.compose(event, form, planned)
    return mail


def _digest(needs: ChannelNeeds, form: Form, digested: Digested) -> Mail:
    """Return a mail about several, also of a form that has no digest yet: its owner may have too many at once."""
    owners = OwnerChannel(needs.composer, needs.templates, needs.owner_mail, needs.timezone)
    address = next(iter(owners.addresses(form)), None)
    if address is None:
        raise _no_such(form)
    sender = needs.mail_from.name or needs.mail_from.address
    wording = DigestWording(needs.templates, sender, needs.timezone, needs.console_url)
    return mail_of(UUID(int=0), digested, form, address, wording, needs.composer)


def _no_such(form: Form) -> Refused:
    return Refused(f"the form {form.name} sends no such mail")
