"""The confirmation: a mail to whoever submitted. Where the submission waits for that address, it asks to confirm it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from notify_service.channels.counting import Counted, source_hash
from notify_service.channels.mail.composer import Composer, MailParts
from notify_service.channels.mail.mailboxes import destination_hash, shown_address
from notify_service.channels.mail.templates import Templates
from notify_service.channels.mail.wording import Wording
from notify_service.channels.opt_in_wording import OptInWording
from notify_service.channels.planned import Key, Planned
from notify_service.transports.smtp.mail import Mail
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.links.opt_in import OptInLinks
from shared.mailboxes import recipient_hash


class ConfirmationChannel:
    """Confirms a submission to the address that came with it."""

    name = "confirmation"
    off = "the form confirms no more"

    def __init__(self, composer: Composer, templates: Templates, links: OptInLinks | None = None) -> None:
        sender = composer.mail_from.name or composer.mail_from.address
        self._composer = composer
        self._wording = Wording(templates, sender)
        self._opt_in = OptInWording(templates, sender, links, composer.clock)

    def plan(self, event: SubmissionAccepted, form: Form | None) -> Sequence[Planned]:
        """Return the one delivery to the address that was submitted, where there is one and the form confirms.

        What waits for its address has its mail, whatever the form says by now: its receipt promises it.
        """
        address = event.reply_address
        if address is None or (form is not None and not form.confirmation.enabled and not event.opt_in):
            return []
        key = Key(event.id, self.name, destination_hash(event.id, address))
        counted = Counted(recipient_hash(address), source_hash(event.source.ip), event.form)
        shown, named = shown_address(address), provider_id(event.id)
        return [Planned(key, event.form, address, shown, named, counted, counts_again=event.opt_in)]

    def endpoint(self, planned: Planned, form: Form) -> str | None:  # noqa: ARG002 - see `channel.Channel`
        """Return None: all mail goes to one server."""
        return None

    def endpoints(self, form: Form) -> Collection[str]:  # noqa: ARG002 - see `channel.Channel`
        """Return none."""
        return ()

    def compose(self, event: SubmissionAccepted, form: Form, planned: Planned) -> Mail:
        """Return the mail; raises `Permanent` where there can be none, `Transient` without what signs its link."""
        words = self._opt_in.words(event, form, planned) if event.opt_in else self._wording.words(event, form)
        parts = MailParts(
            to=planned.destination,
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=planned.provider_id,
            auto_submitted="auto-replied",
            language=words.language,
            mail_domains=form.mail_domains,
        )
        return self._composer.compose(parts)


def provider_id(submission_id: UUID) -> str:
    """Return what the mail's Message-ID has before its domain; see `composer.message_id`."""
    return f"{submission_id}.email"
