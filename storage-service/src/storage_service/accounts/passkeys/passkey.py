"""What a passkey is, and what can be wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

NAME_MOST = 60
OF_ONE_USER_MOST = 20
CREDENTIAL_JSON_MOST = 32 * 1024
"""Characters of what a browser sends of a credential: a few thousand, with an attestation."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it. `is_synced` says that it may be on several devices."""

    id: UUID
    name: str
    is_synced: bool
    created_at: datetime
    last_used_at: datetime | None


class NotAccepted(Exception):
    """A passkey is not taken. `reason` is a word for the log and the audit; the text is a sentence for people."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason
