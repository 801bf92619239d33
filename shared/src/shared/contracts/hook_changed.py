"""`hook.changed.v1` tells notify of a hook: an address that a program of the owner's has asked to be called at.

It holds a secret, and the address may be one, too: it goes by a queue of its own, which parks nothing. What is lost of
it is told again within the hour.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.event import InvalidEvent
from shared.contracts.members import (
    Document,
    document_in,
    member,
    moment_of,
    short_text,
    text_or_none,
    utc_text,
    uuid_of,
    version_of,
)
from shared.contracts.registry import register

URL_MOST = 2000
SECRET_MOST = 200
NAME_MOST = 64
EVENTS_MOST = 16
FORMS_MOST = 100
_DEPTH_MOST = 4


@register
@dataclass(frozen=True, slots=True)
class HookChanged:
    """A hook as it stands; of several the one with the highest `version` counts, from 1.

    `events` are names such as `submission.accepted`; a later version may know more of them. `forms` are those that it
    is told of, None for all. It is called until `expires_at`, None without an end. One that `is_ended` has neither an
    address nor a secret any more.
    """

    TYPE: ClassVar[str] = "hook.changed.v1"

    id: UUID
    version: int
    url: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    events: tuple[str, ...] = ()
    forms: tuple[str, ...] | None = None
    expires_at: datetime | None = None
    is_ended: bool = False

    def encode(self) -> bytes:
        """Return it as the body of a message."""
        document: dict[str, Any] = {
            "id": str(self.id),
            "version": self.version,
            "url": self.url,
            "secret": self.secret,
            "events": list(self.events),
            "forms": None if self.forms is None else list(self.forms),
            "expires_at": None if self.expires_at is None else utc_text(self.expires_at),
            "is_ended": self.is_ended,
        }
        return json.dumps(document, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, body: bytes) -> HookChanged:
        """Read a message body; raises `InvalidEvent`, which repeats neither the address nor the secret."""
        document = document_in(body, most_depth=_DEPTH_MOST)
        until = text_or_none(document, "expires_at")
        read = cls(
            id=uuid_of(member(document, "id", str), "id"),
            version=version_of(document, "version"),
            url=short_text(document, "url", URL_MOST),
            secret=short_text(document, "secret", SECRET_MOST),
            events=_names(document, "events", EVENTS_MOST),
            forms=None if document.get("forms") is None else _names(document, "forms", FORMS_MOST),
            expires_at=None if until is None else moment_of(until, "expires_at"),
            is_ended=member(document, "is_ended", bool),
        )
        if not read.is_ended and not (read.url and read.secret):
            raise InvalidEvent("url, secret: expected both, or is_ended")
        return read


def _names(document: Document, name: str, most: int) -> tuple[str, ...]:
    found: list[Any] = member(document, name, list)
    if len(found) > most or not all(isinstance(one, str) and 0 < len(one) <= NAME_MOST for one in found):
        raise InvalidEvent(f"{name}: expected {most} names at most, of 1 to {NAME_MOST} characters")
    return tuple(found)
