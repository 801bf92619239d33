"""`hook.gone.v1` tells storage that a hook's address answered 410: who asked to be called wants no more of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.members import document_in, member, moment_of, utc_text, uuid_of, version_of
from shared.contracts.registry import register

_DEPTH_MOST = 4


@register
@dataclass(frozen=True, slots=True)
class HookGone:
    """The hook of this id, as it stood at `version`, was refused for good at this moment."""

    TYPE: ClassVar[str] = "hook.gone.v1"

    id: UUID
    version: int
    gone_at: datetime

    def encode(self) -> bytes:
        """Return it as the body of a message."""
        document = {"id": str(self.id), "version": self.version, "gone_at": utc_text(self.gone_at)}
        return json.dumps(document, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, body: bytes) -> HookGone:
        """Read a message body; raises `InvalidEvent`."""
        document = document_in(body, most_depth=_DEPTH_MOST)
        gone_at = moment_of(member(document, "gone_at", str), "gone_at")
        return cls(uuid_of(member(document, "id", str), "id"), version_of(document, "version"), gone_at)
