"""The owner's mail: whoever owns a form is told of each submission, and can answer it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from notify_service.channels.mail.composer import Composer, MailParts
from notify_service.channels.mail.mailboxes import destination_hash, shown_address
from notify_service.channels.mail.owner_wording import OwnerWording, reply_to_of
from notify_service.channels.mail.templates import Templates
from notify_service.channels.planned import Key, Planned
from notify_service.transports.smtp.mail import Mail
from shared.contracts import SubmissionAccepted
from shared.forms import Form, Owner
from shared.mailboxes import normalised


class OwnerChannel:
    """Tells each owner of a form by a mail of their own, so that none sees another's address.

    `addresses` are those of forms that name none, `timezone` is that of forms that name none, and `console_url` is
    where the console is reached, if anybody says so. It counts against no cap: caps are for mails that a stranger makes
    us send to whomever they like.
    """

    name = "owner"
    off = "the form tells this address no more"

    def __init__(
        self,
        composer: Composer,
        templates: Templates,
        addresses: Sequence[str],
        timezone: str,
        console_url: str | None = None,
    ) -> None:
        sender = composer.mail_from.name or composer.mail_from.address
        self._composer = composer
        self._wording = OwnerWording(templates, sender, timezone, console_url)
        self._addresses = addresses

    def plan(self, event: SubmissionAccepted, form: Form | None) -> Sequence[Planned]:
        """Return a delivery to each owner; none without the form: nobody knows then who they are."""
        addresses = _recipients(form, self._addresses) if form else ()
        return [self._planned(event, *one) for one in zip(addresses, _told_apart(addresses), strict=True)]

    def endpoint(self, planned: Planned, form: Form) -> str | None:  # noqa: ARG002 - see `channel.Channel`
        """Return None: all mail goes to one server."""
        return None

    def endpoints(self, form: Form) -> Collection[str]:  # noqa: ARG002 - see `channel.Channel`
        """Return none."""
        return ()

    def compose(self, event: SubmissionAccepted, form: Form, planned: Planned) -> Mail:
        """Return the mail; raises `Permanent` where there can be none."""
        reply_to = reply_to_of(event, form)
        words = self._wording.words(event, form, reply_to)
        parts = MailParts(
            to=planned.destination,
            subject=words.subject,
            text=words.text,
            html=words.html,
            message_id=planned.provider_id,
            auto_submitted="auto-generated",
            language=words.language,
            reply_to=reply_to,
            mail_domains=form.mail_domains,
        )
        return self._composer.compose(parts)

    def _planned(self, event: SubmissionAccepted, address: str, shown: str) -> Planned:
        key = Key(event.id, self.name, destination_hash(event.id, address))
        return Planned(key, event.form, address, shown, f"{key.id}.owner")


def _recipients(form: Form, default: Sequence[str]) -> Sequence[str]:
    owner = form.owner or Owner()
    addresses = (*(owner.to or default), *owner.also) if owner.enabled else ()
    return list({normalised(address): address for address in addresses}.values())


def _told_apart(addresses: Sequence[str]) -> Iterator[str]:
    """Return what is shown of each. Those that look alike then have a number from the second on, in their order in the
    forms file: more of an address is recorded nowhere."""
    alike = Counter[str]()
    for shown in map(shown_address, addresses):
        alike[shown] += 1
        yield shown if alike[shown] == 1 else f"{shown} ({alike[shown]})"
