"""What a report says of one of our mails."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts import BounceKind


class Unreadable(Exception):
    """A mail that is not looked into: the text says why, and shows nothing of it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether an address is bad for good, by which enhanced status (RFC 3463; empty for none), and in whose words."""

    kind: BounceKind
    code: str = ""
    said: str = ""
