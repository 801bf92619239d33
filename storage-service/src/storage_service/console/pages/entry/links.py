"""Says what a link that works once opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage_service.accounts.accounts import Accounts
from storage_service.accounts.roles import Grant


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that is good: what it is for, whose it is (None: they say so), what they get, and by whom."""

    purpose: str
    email: str | None = None
    grants: Sequence[Grant] = field(default=())
    by: str | None = None
    expires_at: datetime | None = None


def opened(accounts: Accounts, purpose: str, token: str) -> Opened | None:
    """Return what a link opens; None for nothing."""
    if purpose == "setup":
        return Opened(purpose) if accounts.setup.is_good(token) else None
    found = accounts.links.look(token, "reset" if purpose == "reset" else "invitation")
    return None if found is None else Opened(purpose, found.email, found.grants, found.by, found.expires_at)
