"""Makes the token of the link by which an installation gets its first owner, and what the console is told of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from shared.api_keys import hash_of

PATH = "/console/setup/"
"""Where the console answers it; the token follows."""


@dataclass(frozen=True, slots=True)
class SetupToken:
    """A token, and what COUNTERFOIL_SETUP_TOKEN says of it: its SHA-256 in hex, a space, and when it was made."""

    token: str = field(repr=False)
    told: str

    def link(self, url: str) -> str:
        """Return the address to open; `url` is where the gateway is reached."""
        return f"{url.rstrip('/')}{PATH}{self.token}"


def new_setup_token(made_at: datetime) -> SetupToken:
    """Return a new token, 256 random bits, that was made at a moment with a time zone."""
    token = secrets.token_urlsafe(32)
    return SetupToken(token, f"{hash_of(token)} {made_at.isoformat(timespec='seconds')}")
