"""What stands for a mailbox in the list of those that are sent no mail: only who has the secret can make it."""

from __future__ import annotations

from shared.links.signing import SUPPRESSION, Signer
from shared.mailboxes import exact_mailbox_of, mailbox_of


class AddressKey:
    """Hashes addresses with a key of the installation's. Safe to use from many threads."""

    def __init__(self, secret: str) -> None:
        self._signer = Signer(secret, SUPPRESSION)

    def of(self, address: str) -> str:
        """Return the hash of an address's mailbox, 64 characters of hex: the same for each of its addresses."""
        return self._signer.mac(mailbox_of(address)).hex()

    def exactly(self, address: str) -> str:
        """Return the hash of an address that bounces: with what follows a plus, but for Gmail's. Without a plus it is
        that of its mailbox."""
        return self._signer.mac(exact_mailbox_of(address)).hex()
