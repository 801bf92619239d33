"""Hooks, as storage tells them and as notify knows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from standardwebhooks import Webhook as Verifier

from notify_service.channels.hook import Hook
from shared.contracts import HookChanged
from shared.webhook_bodies import ACCEPTED
from support.webhooks import SECRET

CATCH = "https://hooks.example.org/catch/17"


def a_hook(url: str = CATCH, events: Sequence[str] = (ACCEPTED,), **others: Any) -> Hook:
    """Return a hook of the form `signup`."""
    return replace(Hook(uuid4(), 1, url, SECRET, frozenset(events), frozenset({"signup"})), **others)


def a_told_hook(version: int = 1, *, key: UUID | None = None, **others: Any) -> HookChanged:
    """Return what storage tells of a hook of the form `signup`."""
    if others.get("is_ended"):
        return HookChanged(key or uuid4(), version, **others)
    told = HookChanged(key or uuid4(), version, CATCH, SECRET, (ACCEPTED,), ("signup",))
    return replace(told, **others)


def verified(headers: Any, body: bytes | str, secret: str = SECRET) -> dict[str, Any]:
    """Return the body of a call whose signature is good; raises where it is not, or too old."""
    text = body.decode() if isinstance(body, bytes) else body
    read: dict[str, Any] = json.loads(text)
    signed = {name.lower(): value for name, value in dict(headers).items()}
    Verifier(secret).verify(text, signed)
    return read


@dataclass
class FakeHooks:
    """`channels.hook.Hooks` in a list."""

    hooks: list[Hook] = field(default_factory=list)
    ended: list[Hook] = field(default_factory=list)

    def __call__(self) -> Sequence[Hook]:
        return self.hooks

    def known(self) -> Sequence[Hook]:
        return self.hooks

    def gone(self, hook: Hook) -> None:
        self.ended.append(hook)
        self.hooks.remove(hook)


@dataclass
class FakeHookTable:
    """What `KnownHooks` reads, and ends; it counts how often it was read."""

    hooks: list[Hook] = field(default_factory=list)
    read: int = 0
    ended: list[tuple[UUID, int]] = field(default_factory=list)
    failure: Exception | None = None

    def live(self) -> list[Hook]:
        self.read += 1
        if self.failure:
            raise self.failure
        return list(self.hooks)

    def gone(self, key: UUID, version: int, now: datetime) -> bool:
        if self.failure:
            raise self.failure
        self.ended.append((key, version))
        return True
