"""`mail.bounced.v1` tells notify that a mail came back, or that whoever got it complained."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, TypeAlias, get_args
from uuid import UUID

from shared.contracts.event import InvalidEvent
from shared.contracts.members import (
    document_in,
    member,
    moment_of,
    short_text,
    short_text_or_none,
    text_or_none,
    utc_text,
    uuid_of,
)
from shared.contracts.registry import register

BounceKind: TypeAlias = Literal["hard", "soft", "complaint"]
BOUNCE_KINDS: tuple[BounceKind, ...] = get_args(BounceKind)

SAID_MOST = 500
_NAME_MOST = 64
_DEPTH_MOST = 4
_HASH = re.compile(r"[0-9a-f]{64}")


@register
@dataclass(frozen=True, slots=True)
class MailBounced:
    """What became of one mail after its server had taken it. `id` is the same whenever the same report comes again.

    `delivery_id` is known where the report carries our token; `address_hash` where whoever reports it vouches for the
    address: by `shared.links.addresses.AddressKey.exactly`, of a complaint by its `of`. `kind` says whether the address
    is bad for good (hard), whether another try may reach it (soft), or that whoever got the mail calls it spam
    (complaint). `code` is an enhanced status (RFC 3463), such as `5.1.1`, or empty; `said` is what the other side said,
    without anybody's whole address, 500 characters at most. `via` names who told us: `mailbox`, or a provider. `shown`
    is what may be seen of the address, such as `a…@example.org`, where `address_hash` is known: no whole address is in
    it.
    """

    TYPE: ClassVar[str] = "mail.bounced.v1"

    id: UUID
    delivery_id: UUID | None
    address_hash: str | None
    kind: BounceKind
    code: str
    said: str
    at: datetime
    via: str
    shown: str = ""

    def encode(self) -> bytes:
        """Return it as the body of a message."""
        document = {
            "id": str(self.id),
            "delivery": None if self.delivery_id is None else str(self.delivery_id),
            "address_hash": self.address_hash,
            "kind": self.kind,
            "code": self.code,
            "said": self.said,
            "at": utc_text(self.at),
            "via": self.via,
            "shown": self.shown,
        }
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8")

    @classmethod
    def decode(cls, body: bytes) -> MailBounced:
        """Read a message body; raises `InvalidEvent`."""
        document = document_in(body, most_depth=_DEPTH_MOST)
        delivery = text_or_none(document, "delivery")
        address_hash = text_or_none(document, "address_hash")
        if address_hash is not None and not _HASH.fullmatch(address_hash):
            raise InvalidEvent("address_hash: expected 64 digits of hex")
        return cls(
            id=uuid_of(member(document, "id", str), "id"),
            delivery_id=None if delivery is None else uuid_of(delivery, "delivery"),
            address_hash=address_hash,
            kind=_kind(member(document, "kind", str)),
            code=short_text(document, "code", _NAME_MOST),
            said=short_text_or_none(document, "said", SAID_MOST) or "",
            at=moment_of(member(document, "at", str), "at"),
            via=short_text(document, "via", _NAME_MOST),
            shown=short_text_or_none(document, "shown", SAID_MOST) or "",
        )


def _kind(text: str) -> BounceKind:
    found = next((one for one in BOUNCE_KINDS if one == text), None)
    if found is None:
        raise InvalidEvent(f"kind: expected {', '.join(BOUNCE_KINDS)}")
    return found
