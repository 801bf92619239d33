"""`address.suppressed.v1` says that whoever got a mail wants no more of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import InvalidEvent
from shared.contracts.members import document_in, member, moment_of, short_text, utc_text, uuid_of
from shared.contracts.registry import register

NAME_MOST = 64
SHOWN_MOST = 300
_DEPTH_MOST = 4
_HASH = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z][a-z-]{0,31}")


@register
@dataclass(frozen=True, slots=True)
class AddressSuppressed:
    """An address is to be sent no such mail of a form any more; `id` is the message's own.

    `address_hash` is `shared.links.addresses.AddressKey.of`, `shown` what may be seen of the address. `form` is empty
    for all forms. `stops` says which mails stop: `all`, `digests`, or what a later version knows.
    """

    TYPE: ClassVar[str] = "address.suppressed.v1"

    id: UUID
    address_hash: str
    shown: str
    form: str
    stops: str
    at: datetime

    def encode(self) -> bytes:
        """Return it as the body of a message."""
        document = {
            "id": str(self.id),
            "address": self.address_hash,
            "shown": self.shown,
            "form": self.form,
            "stops": self.stops,
            "at": utc_text(self.at),
        }
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def decode(cls, body: bytes) -> AddressSuppressed:
        """Read a message body; raises `InvalidEvent`."""
        document = document_in(body, most_depth=_DEPTH_MOST)
        hashed, stops = short_text(document, "address", NAME_MOST), short_text(document, "stops", NAME_MOST)
        if not _HASH.fullmatch(hashed):
            raise InvalidEvent("address: no hash")
        if not _NAME.fullmatch(stops):
            raise InvalidEvent("stops: no name in small letters")
        return cls(
            id=uuid_of(member(document, "id", str), "id"),
            address_hash=hashed,
            shown=short_text(document, "shown", SHOWN_MOST),
            form=short_text(document, "form", NAME_MOST),
            stops=stops,
            at=moment_of(member(document, "at", str), "at"),
        )
