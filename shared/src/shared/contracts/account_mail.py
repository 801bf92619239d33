"""`account.mail.v1` asks notify for a mail with a link that lets somebody in: an invitation, or a new password.

Whoever has the link has the account. So the message goes to a queue of its own, which keeps it for as long as the
longest-lived link and parks nothing, and neither its address nor its link is ever logged.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import InvalidEvent
from shared.contracts.members import (
    Document,
    document_in,
    member,
    moment_of,
    short_text,
    short_text_or_none,
    utc_text,
    uuid_of,
)
from shared.contracts.registry import register
from shared.mail_addresses import ADDRESS_MOST

LINK_MOST = 2000
LANGUAGE_MOST = 80

_PURPOSE = re.compile(r"[a-z][a-z-]{0,31}")
_LINK = re.compile(r"https?://[!-~]+")
_DEPTH_MOST = 4


@register
@dataclass(frozen=True, slots=True)
class AccountMail:
    """One mail; `id` is its own, and the same each time it is asked for.

    `purpose` is the name of the mail, `invitation` or `reset`; a later version may have others. `link` is good until
    `expires_at`: nothing is sent from then on. `by` is who asked for it, an account's address; None where the
    receiver did. `language` is what they read, as an `Accept-Language` of RFC 9110; None where nobody knows.
    """

    TYPE: ClassVar[str] = "account.mail.v1"

    id: UUID
    purpose: str
    to: str = field(repr=False)
    link: str = field(repr=False)
    expires_at: datetime
    by: str | None = field(default=None, repr=False)
    language: str | None = None

    def encode(self) -> bytes:
        """Return it as the body of a message."""
        document = {
            "id": str(self.id),
            "purpose": self.purpose,
            "to": self.to,
            "link": self.link,
            "expires_at": utc_text(self.expires_at),
            "by": self.by,
            "language": self.language,
        }
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8")

    @classmethod
    def decode(cls, body: bytes) -> AccountMail:
        """Read a message body; raises `InvalidEvent`, which repeats neither the address nor the link."""
        document = document_in(body, most_depth=_DEPTH_MOST)
        return cls(
            id=uuid_of(member(document, "id", str), "id"),
            purpose=_matching(document, "purpose", 32, _PURPOSE, "a name of small letters"),
            to=short_text(document, "to", ADDRESS_MOST),
            link=_matching(document, "link", LINK_MOST, _LINK, "an address of http or https"),
            expires_at=moment_of(member(document, "expires_at", str), "expires_at"),
            by=short_text_or_none(document, "by", ADDRESS_MOST),
            language=short_text_or_none(document, "language", LANGUAGE_MOST),
        )


def _matching(document: Document, name: str, most: int, pattern: re.Pattern[str], expected: str) -> str:
    text = short_text(document, name, most)
    if not pattern.fullmatch(text):
        raise InvalidEvent(f"{name}: expected {expected}")
    return text
