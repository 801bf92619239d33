"""Reads the token of the setup link: whoever opens it first becomes the first owner."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine

from shared.database import classified, reading
from storage_service.accounts.tokens import hash_of
from storage_service.accounts.users import has_owner

GOOD_FOR = timedelta(hours=24)

_SETTING_MOST = 200
_SETTING = re.compile(r"([0-9a-fA-F]{64})\s+(\S{1,40})")
EXPECTED = "expected the SHA-256 of a token in hex, a space, and when it was made, as 2026-11-29T18:00:00Z"


@dataclass(frozen=True, slots=True)
class SetupToken:
    """What is known of the token: its hash, and when it was made."""

    hash: str = field(repr=False)
    made_at: datetime


def setup_token(text: str) -> SetupToken:
    """Read the setting `SETUP_TOKEN`; raises ValueError with what is expected."""
    found = _SETTING.fullmatch(text.strip())
    try:
        made_at = datetime.fromisoformat(found[2]) if found else None
    except ValueError:
        made_at = None
    if found is None or made_at is None or made_at.tzinfo is None:
        raise ValueError(EXPECTED)
    return SetupToken(found[1].lower(), made_at)


@dataclass(frozen=True, slots=True)
class Told:
    """What the setting says: a token, or the file that has one, which is read at each look: a new link then counts
    without a restart."""

    token: SetupToken | None = None
    file: Path | None = None

    def __call__(self) -> SetupToken | None:
        """Return the token by now; None for none, and for what is no token."""
        if self.file is None:
            return self.token
        try:
            with self.file.open(encoding="utf-8") as file:
                return setup_token(file.read(_SETTING_MOST))
        except (OSError, ValueError):
            return None


class Setup:
    """Says whether the setup link opens anything: for 24 hours, and while nobody owns the installation."""

    def __init__(
        self,
        engine: Engine,
        told: Callable[[], SetupToken | None],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reading = reading(engine)
        self._told = told
        self._clock = clock

    def is_good(self, token: str, *, within: Connection | None = None) -> bool:
        """Return whether a token opens it, as a transaction sees it, or just now; raises as `classified` does."""
        if not self._is_the_token(token):
            return False
        if within is not None:
            return not has_owner(within)
        with classified(), self._reading.connect() as connection:
            return not has_owner(connection)

    def _is_the_token(self, token: str) -> bool:
        hashed, known = hash_of(token), self._told()
        if hashed is None or known is None or not hmac.compare_digest(hashed, known.hash):
            return False
        return self._clock() < known.made_at + GOOD_FOR
