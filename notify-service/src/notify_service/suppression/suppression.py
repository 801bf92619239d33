"""Asks whether addresses are sent mail, and has them sent none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from notify_service.channels.mail.mailboxes import shown_address
from notify_service.suppression.reasons import ALL_FORMS, Reason, Stops, Suppressed
from notify_service.suppression.table import SuppressionTable
from shared.links.addresses import AddressKey


@dataclass(frozen=True, slots=True)
class Suppression:
    """Every mail asks it before it is composed. Without a `key` it is off: nobody is suppressed, and nobody can be.

    All raise `DependencyUnavailable`.
    """

    key: AddressKey | None
    table: SuppressionTable

    @property
    def is_on(self) -> bool:
        """Whether there is a key."""
        return self.key is not None

    def hash_of(self, address: str) -> str:
        """Return what stands for an address; raises ValueError where there is no key."""
        if self.key is None:
            raise ValueError("COUNTERFOIL_SECRET is not set: nothing is known of addresses")
        return self.key.of(address)

    def hashes_of(self, address: str) -> list[str]:
        """Return what an address may stand there by: the hash of its mailbox, and where that is another one its own, as
        of what bounced. Empty where there is no key."""
        return [] if self.key is None else [*dict.fromkeys((self.key.of(address), self.key.exactly(address)))]

    def among(self, addresses: Collection[str], form: str, stops: Stops = "all") -> Mapping[str, Reason]:
        """Return which of these whole addresses are sent no such mail of a form, and why."""
        found = self.pairs([(address, form) for address in addresses], stops)
        return {address: reason for (address, _), reason in found.items()}

    def why(self, address: str) -> Reason | None:
        """Return why an address is sent no mail of any form; None where it is."""
        return self.among([address], ALL_FORMS).get(address)

    def pairs(self, asked: Collection[tuple[str, str]], stops: Stops = "all") -> Mapping[tuple[str, str], Reason]:
        """Return which pairs of a whole address and a form are sent no such mail, and why, by one query."""
        if self.key is None or not asked:
            return {}
        hashes = {pair: [(one, pair[1]) for one in self.hashes_of(pair[0])] for pair in asked}
        found = self.table.among({one for each in hashes.values() for one in each}, stops)
        return {pair: found[one] for pair, each in hashes.items() for one in reversed(each) if one in found}

    def suppress(
        self,
        address_hash: str,
        reason: Reason,
        at: datetime,
        *,
        shown: str,
        form: str = ALL_FORMS,
        stops: Stops = "all",
        by: str | None = None,
        said: str | None = None,
    ) -> bool:
        """Have an address sent no mail of a form, or of any; False where it was so already."""
        return self.table.add(Suppressed(address_hash, reason, shown, at, form, stops, by, said))

    def suppress_address(
        self, address: str, reason: Reason, at: datetime, *, form: str = ALL_FORMS, by: str | None, said: str | None
    ) -> bool:
        """Do the same for a whole address; raises ValueError where there is no key."""
        shown = shown_address(address)
        return self.suppress(self.hash_of(address), reason, at, shown=shown, form=form, by=by, said=said)
