"""What the mail says that asks to confirm an address: what the form says itself, and the button."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from notify_service.channels.mail.dates import moment_in
from notify_service.channels.mail.languages import wanted
from notify_service.channels.mail.template_set import Words
from notify_service.channels.mail.templates import Templates
from notify_service.channels.mail.wording import ADDRESS, spoken
from notify_service.channels.planned import NO_REQUEST, Planned
from notify_service.transports.failures import Permanent, Transient
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.links.opt_in import LINK_GOOD_FOR, PATH, OptInLink, OptInLinks, recipient_of

NAME: Final = "opt_in"

NOWHERE: Final = "no address for the button: the gateway's COUNTERFOIL_PUBLIC_URL is not set"
"""Why such a mail can never be made: its submission was accepted where nobody knew how a browser gets there."""

NO_SECRET: Final = "no secret: COUNTERFOIL_SECRET is not set"  # noqa: S105 - a reason
"""Why such a mail cannot be made now."""

_RECEIPTS = "/receipts/"


class OptInWording:
    """Words such a mail from its template; `links` sign where its button leads, None where there is no secret.

    As in a confirmation, nothing that was typed stands in it unless the form's own words have a placeholder for it.
    """

    def __init__(
        self, templates: Templates, sender: str, links: OptInLinks | None, clock: Callable[[], datetime]
    ) -> None:
        self._templates = templates
        self._sender = sender
        self._links = links
        self._clock = clock

    def words(self, event: SubmissionAccepted, form: Form, planned: Planned) -> Words:
        """Return them; raises `Permanent` where the button can lead nowhere, `Transient` without a secret."""
        site = _site_of(event)
        if self._links is None:
            raise Transient(NO_SECRET)
        link = self._link(event, planned)
        language = self._templates.language(NAME, wanted(event, form))
        values = {
            **spoken(event, form),
            "sender": self._sender,
            "received": moment_in(language, event.accepted_at),
            "good_until": moment_in(language, link.expires_at),
            "confirm_url": f"{site}{PATH}{self._links.sign(link)}",
        }
        return self._templates.render(NAME, language, values)

    def _link(self, event: SubmissionAccepted, planned: Planned) -> OptInLink:
        """Return what the link says: one that was asked for again is good from when it is sent."""
        since = event.accepted_at if planned.key.request == NO_REQUEST else self._clock()
        recipient = recipient_of(planned.destination)
        return OptInLink(event.id, event.form, event.accepted_at, since + LINK_GOOD_FOR, recipient)


def _site_of(event: SubmissionAccepted) -> str:
    """Return what the addresses of the gateway's pages begin with: what its receipts' do; raises `Permanent`."""
    url = event.receipt_url or ""
    site, found, _ = url.rpartition(_RECEIPTS)
    if not found or not ADDRESS.fullmatch(url):
        raise Permanent(NOWHERE)
    return site
