"""Knows who wants no digests of a form, and signs the link by which somebody says so."""

from __future__ import annotations

from dataclasses import dataclass

from notify_service.channels.mail.mailboxes import shown_address
from notify_service.suppression.suppression import Suppression
from shared.links.unsubscribe import PATH, Unsubscribe, UnsubscribeLinks


@dataclass(frozen=True, slots=True)
class Endings:
    """`sending.Endings` by the table of addresses that are sent no mail. Without a secret there are no `links`."""

    suppression: Suppression
    links: UnsubscribeLinks | None

    def reason(self, address: str, form: str) -> str | None:
        """Return why an address is sent none; raises `DependencyUnavailable`."""
        return self.suppression.among([address], form, "digests").get(address)

    def url(self, address: str, form: str, origin: str | None) -> str | None:
        """Return where its reader ends them: at the gateway, where it is known which that is."""
        if self.links is None or origin is None or not self.suppression.is_on:
            return None
        link = Unsubscribe(self.suppression.hash_of(address), form, "digests", shown_address(address))
        return f"{origin}{PATH}{self.links.sign(link)}"
