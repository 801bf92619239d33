"""The owner's mail: whoever owns a form is told of each submission, and can answer it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from notify_service.channels.file_links import file_links
from notify_service.channels.mail.attaching import ReadFile, attachments, read_nothing
from notify_service.channels.mail.composer import Composer, MailParts
from notify_service.channels.mail.mailboxes import destination_hash, shown_address
from notify_service.channels.mail.owner_wording import OwnerWording, Told, reply_to_of
from notify_service.channels.mail.templates import Templates
from notify_service.channels.planned import Gathered, Key, Planned
from notify_service.transports.smtp.mail import Mail
from shared.contracts import SubmissionAccepted
from shared.forms import Form, Owner
from shared.mailboxes import normalised, recipient_hash


class OwnerChannel:
    """Tells each owner of a form by a mail of their own, so that none sees another's address.

    `addresses` are those of forms that name none, `timezone` is that of forms that name none, and `console_url` is
    where the console is reached, if anybody says so. It counts against no cap: caps are for mails that a stranger makes
    us send to whomever they like. `read_file` reads what is attached, where a form asks for that.
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
        read_file: ReadFile = read_nothing,
    ) -> None:
        sender = composer.mail_from.name or composer.mail_from.address
        self._composer = composer
        self._wording = OwnerWording(templates, sender, timezone, console_url)
        self._addresses = addresses
        self._timezone = timezone
        self._read_file = read_file

    def plan(self, event: SubmissionAccepted, form: Form | None) -> Sequence[Planned]:
        """Return a delivery to each owner; none without the form: nobody knows then who they are."""
        addresses = _recipients(form, self._addresses) if form else ()
        told = [self._planned(event, *one) for one in zip(addresses, _told_apart(addresses), strict=True)]
        return [replace(one, gathered=self.gathered(one.destination, form, event.receipt_url)) for one in told]

    def addresses(self, form: Form) -> Sequence[str]:
        """Return all whom a form may tell, by whichever of its routes, each mailbox once."""
        owner = form.owner or Owner()
        named = (*(owner.to or self._addresses), *(address for route in form.routes for address in route.owner))
        return list({recipient_hash(address): address for address in named}.values()) if owner.enabled else []

    def gathered(self, address: str, form: Form | None, url: str | None = None) -> Gathered:
        """Return how a mail to an address may be one about several submissions; `url` is one of the gateway's."""
        owner = (form.owner if form else None) or Owner()
        origin = "/".join(url.split("/", 3)[:3]) if url else None
        return Gathered(recipient_hash(address), owner.digest, owner.timezone or self._timezone, origin)

    def endpoint(self, planned: Planned, form: Form) -> str | None:  # noqa: ARG002 - see `channel.Channel`
        """Return None: all mail goes to one server."""
        return None

    def endpoints(self, form: Form) -> Collection[str]:  # noqa: ARG002 - see `channel.Channel`
        """Return none."""
        return ()

    def compose(self, event: SubmissionAccepted, form: Form, planned: Planned) -> Mail:
        """Return the mail; raises `Permanent` where there can be none."""
        reply_to = reply_to_of(event, form)
        owner = form.owner or Owner()
        links = file_links(event, form, owner.include)
        attached, is_failed = attachments(links, owner, self._read_file)
        told = Told(links, frozenset(attached), is_failed=is_failed)
        words = self._wording.words(event, form, reply_to, told)
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
            attachments=list(attached.values()),
        )
        return self._composer.compose(parts)

    def _planned(self, event: SubmissionAccepted, address: str, shown: str) -> Planned:
        key = Key(event.id, self.name, destination_hash(event.id, address))
        return Planned(key, event.form, address, shown, f"{key.id}.owner", accepted_at=event.accepted_at)


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
