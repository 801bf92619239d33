"""The link of the mail that asks whether an address is right: who presses its button confirms the submission."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shared.links.signing import OPT_IN, Signer
from shared.mailboxes import exact_mailbox_of

LINK_GOOD_FOR = timedelta(days=7)
"""How long a link is good, from acceptance on, or from when its mail was asked for again."""

PATH: Final = "/opt-in/"
"""Where a gateway shows the page of a link: its token follows."""

_RECIPIENT_LENGTH = 16

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class OptInLink:
    """What a link says: which submission of which form, accepted when (UTC), good until when, sent to whose mailbox.

    `recipient` is `recipient_of` the address. Both moments are exact to the microsecond.
    """

    id: UUID
    form: str
    accepted_at: datetime
    expires_at: datetime
    recipient: str


def recipient_of(address: str) -> str:
    """Return what stands for an address in a link: the first 16 hex digits of the SHA-256 of its `exact_mailbox_of`.

    Without a secret, so that storage, which has none, knows whether a link was sent to the address of a row. With what
    follows a plus: `ada+x@example.org` may be somebody else, who has had the mail that went there, and no other.
    """
    return hashlib.sha256(exact_mailbox_of(address).encode("utf-8", "surrogatepass")).hexdigest()[:_RECIPIENT_LENGTH]


class OptInLinks:
    """Signs links and reads them back. A token is `id.form.microseconds.microseconds.recipient.signature`."""

    def __init__(self, secret: str) -> None:
        self._signer = Signer(secret, OPT_IN)

    def sign(self, link: OptInLink) -> str:
        """Return the token of a link, fit to stand in an address."""
        accepted, expires = (_microseconds(one) for one in (link.accepted_at, link.expires_at))
        return self._signer.sign(f"{link.id.hex}.{link.form}.{accepted}.{expires}.{link.recipient}")

    def read(self, token: str) -> OptInLink | None:
        """Return the link of a token, good still or not; None for one that was forged, cut, or is of another secret."""
        content = self._signer.read(token)
        if content is None:
            return None
        id_, form, accepted, expires, recipient = content.split(".")
        return OptInLink(UUID(id_), form, _moment(accepted), _moment(expires), recipient)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(microseconds: str) -> datetime:
    return _EPOCH + int(microseconds) * _MICROSECOND
