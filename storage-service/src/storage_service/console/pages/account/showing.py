"""Gathers what the page of an account shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from storage_service.accounts.sessions import Session
from storage_service.console.pages.account.agents import name_of
from storage_service.console.pages.frame import current
from storage_service.console.parts import Parts

_NO_PLACES = ("Etc/", "posix/", "right/", "SystemV/")
_METHODS = {"password": "by password", "passkey": "by passkey", "oidc": "by single sign-on"}


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A session as a line: `browser` and `method` in words; `is_this` is the one that the page is read by."""

    session: Session
    browser: str
    method: str
    is_this: bool


def content(parts: Parts, **problems: str) -> dict[str, Any]:
    """Return what the page is made of; `problems` by the name of the field that they are about."""
    sessions = [_shown(one) for one in parts.accounts.sessions.listed(current.me().id)]
    passkeys = parts.ways.passkeys.listed(current.me().id)
    return {"sessions": sessions, "passkeys": passkeys, "zones": zones(), "problems": problems}


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """Return the names of the world's time zones, in order."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(_NO_PLACES))


def _shown(session: Session) -> ShownSession:
    method = _METHODS.get(session.method, session.method)
    return ShownSession(session, name_of(session.agent), method, session.id == current.session_id())
