"""Defines a hook, and checks what somebody asks one to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import Row

from shared.contracts import HookChanged
from shared.forms.webhook import is_address
from shared.public_addresses import Network, is_public, is_within
from shared.webhook_bodies import ACCEPTED, HOOK_EVENTS

URL_MOST = 2000
OF_A_KEY_MOST = 50
IN_ALL_MOST = 1000
"""How many hooks there may be at once."""

MADE_MOST = 1000
"""How many a key may have made that are still kept: one that has ended is for a week."""

HTTPS_EXPECTED = (
    "expected https://; without TLS only in a network of yours, which COUNTERFOIL_WEBHOOK_ALLOW names for the console "
    "and for notify"
)
NOT_PUBLIC = "this address is not public: if it is yours, COUNTERFOIL_WEBHOOK_ALLOW has to name its network"


class BadHook(ValueError):
    """A hook that is not taken. `member` says what of it, `reason` what is expected; both may be shown."""

    def __init__(self, member: str, reason: str) -> None:
        super().__init__(f"{member}: {reason}")
        self.member = member
        self.reason = reason


class NoHook(Exception):
    """There is none of this id, or none that the asker may see."""


class NoKey(Exception):
    """Who asks has no key that is kept here, or it has ended meanwhile: nobody would end the hook with it."""


class TooManyHooks(Exception):
    """The key, or the installation, has as many as it may."""


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that is called for some events of some forms, None for all.

    `owner` is the name of the key that asked for it, `shown` the address's host. One that has ended has no address any
    more; `ended_because` is one word for why: removed, replaced, gone, key.
    """

    id: UUID
    version: int
    owner: str
    url: str = field(repr=False)
    shown: str
    events: tuple[str, ...]
    forms: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    ended_because: str | None = None

    def is_good(self, now: datetime) -> bool:
        """Return whether it is called."""
        return self.ended_at is None and (self.expires_at is None or now < self.expires_at)


def hook_of(row: Row[Any]) -> Hook:
    """Return the hook of a row."""
    forms = None if row.forms is None else tuple(row.forms)
    moments = (row.created_at, row.expires_at, row.ended_at)
    return Hook(
        row.id, row.version, row.owner, row.url, row.shown, tuple(row.events), forms, *moments, row.ended_because
    )


def told_of(row: Row[Any]) -> HookChanged:
    """Return what notify is told of the hook of a row."""
    if row.ended_at is not None:
        return HookChanged(row.id, row.version, is_ended=True)
    forms = None if row.forms is None else tuple(row.forms)
    return HookChanged(row.id, row.version, row.url, row.secret, tuple(row.events), forms, row.expires_at)


def events_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return the events that somebody asks for, each once, accepted submissions where none is named; raises
    `BadHook`."""
    if unknown := [name for name in names if name not in HOOK_EVENTS]:
        raise BadHook("events", f"there is no event {unknown[0][:64]!r}: expected some of {', '.join(HOOK_EVENTS)}")
    return tuple(dict.fromkeys(names)) or (ACCEPTED,)


def check_url(url: str, allowed: Sequence[Network]) -> None:
    """Raise `BadHook` unless an address may be called: by https, or where `allowed` networks are, also by http.

    A name's addresses are checked by notify at each call: it may have others then.
    """
    if not 0 < len(url) <= URL_MOST:
        raise BadHook("url", f"expected 1 to {URL_MOST} characters")
    try:
        is_address(url)
    except ValidationError as error:
        raise BadHook("url", str(error.messages[0])) from None
    parts = urlsplit(url)
    literal = _literal(parts.hostname or "")
    is_ours = literal is None or is_within(literal, allowed)
    if parts.scheme != "https" and not (allowed and is_ours):
        raise BadHook("url", HTTPS_EXPECTED)
    if literal is not None and not (is_ours or is_public(literal)):
        raise BadHook("url", NOT_PUBLIC)


def _literal(host: str) -> str | None:
    """Return the address that a host is; None for a name."""
    try:
        return str(ip_address(host))
    except ValueError:
        return None
