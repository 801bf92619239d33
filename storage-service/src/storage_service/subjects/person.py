"""Reads the addresses by which a person is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.mail_addresses import ADDRESS_MOST, split
from shared.mailboxes import mailbox_of, recipient_hash
from storage_service.accounts.addresses import BadAddress, address_of

ADDRESSES_MOST = 20


class BadPerson(ValueError):
    """Addresses that are not taken: that at `place`, or all of them with None. The text says what is expected."""

    def __init__(self, reason: str, place: int | None = None) -> None:
        super().__init__(reason)
        self.place = place


@dataclass(frozen=True, slots=True)
class Person:
    """Whom it is about: their mailboxes, each once, in the order in which they were named. They are shown to nobody who
    did not name them: no log and no audit has them."""

    mailboxes: tuple[str, ...] = field(repr=False)

    @property
    def recipients(self) -> tuple[str, ...]:
        """What stands for each mailbox where mails are counted."""
        return tuple(map(recipient_hash, self.mailboxes))


def person_of(addresses: Sequence[str]) -> Person:
    """Return the person whose addresses these are; raises `BadPerson`."""
    if not addresses:
        raise BadPerson("expected a mail address, such as ada@example.org")
    if len(addresses) > ADDRESSES_MOST:
        raise BadPerson(f"{len(addresses)} addresses, {ADDRESSES_MOST} at most: ask for the others apart")
    return Person(tuple(dict.fromkeys(_mailbox(text, place) for place, text in enumerate(addresses))))


def _mailbox(text: str, place: int) -> str:
    checked, local, domain = split(text.strip(), ())  # with dots too many, as Japan's carriers gave them out
    try:
        address_of(checked if len(text) <= ADDRESS_MOST else text)
    except BadAddress as error:
        raise BadPerson(str(error), place) from None
    return mailbox_of(f"{local}@{domain}")
