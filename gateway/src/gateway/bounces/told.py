"""What a provider tells of one mail, and how its documents are read. Nothing that it says is taken for granted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from gateway.http.errors import Refused, refused
from gateway.http.request import Headers
from shared.contracts import BounceKind

AGE_MOST = timedelta(days=3)
"""How old a call may be: longer than every provider tries again, and shorter than what was handled is remembered."""

AHEAD_MOST = timedelta(minutes=5)
"""How far a provider's clock may be ahead of ours."""

_TEXT_MOST = 2000
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """One mail that came back, or was complained about.

    `key` tells it from all others of its provider, and is the same when the provider tells it again. `token` is the
    mark that we gave the mail (`shared.links.bounce`), unchecked; `code` has an enhanced status in it, or is empty.
    """

    key: str
    kind: BounceKind
    address: str
    token: str | None = None
    code: str = ""
    said: str = ""


class Hook(Protocol):
    """The calls of one provider."""

    def read(self, headers: Headers, body: bytes) -> Sequence[Told]:
        """Return what a call tells, nothing where it is of no interest; raises `Refused` where it is not theirs (403),
        too old (403), malformed (400), or cannot be checked now (503)."""


def forged() -> Refused:
    """Return the refusal of a call that its provider did not make: 403."""
    return refused(403, "FORGED", "This call does not prove that it comes from the provider.")


def malformed() -> Refused:
    """Return the refusal of a call that cannot be read: 400."""
    return refused(400, "MALFORMED", "This is not what the provider documents.")


def check_age(moment: datetime, now: datetime) -> None:
    """Raise `Refused` (403) where a call is too old, or of the future: somebody may have kept it."""
    if not now - AGE_MOST <= moment <= now + AHEAD_MOST:
        raise refused(403, "STALE", "This call is too old.")


def moment_at(seconds: str) -> datetime:
    """Return a moment that is given in seconds since 1970; raises `Refused` (400)."""
    try:
        return datetime.fromtimestamp(int(seconds[:20]), UTC)
    except (ValueError, OverflowError, OSError):
        raise malformed() from None


def document_of(body: bytes | str) -> Any:
    """Return a JSON document; raises `Refused` (400)."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise malformed() from None


def inside(document: Any, *path: str) -> Any:
    """Return what stands at a place in a document; None where there is nothing."""
    for name in path:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


def text(document: Any, *path: str) -> str:
    """Return the text at a place, shortened, and without what nobody can store; empty where there is none. A number is
    written out."""
    found = inside(document, *path)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)[:_TEXT_MOST]
    if not isinstance(found, str):
        return ""
    return found[:_TEXT_MOST].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def status_in(code: str) -> str:
    """Return the enhanced status (RFC 3463) in what a provider calls so: some mail server on the way wrote it."""
    found = _STATUS.search(code)
    return found[0] if found else ""


def objects(document: Any, *path: str) -> list[Mapping[str, Any]]:
    """Return the objects of the list at a place."""
    found = inside(document, *path) if path else document
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
