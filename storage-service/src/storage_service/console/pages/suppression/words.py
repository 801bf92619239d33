"""Says in words which addresses are sent no mail, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_REASONS: Mapping[str, str] = {
    "bounced": "mail came back",
    "complained": "called our mail spam",
    "unsubscribed": "unsubscribed",
    "by-hand": "by hand",
}
_KINDS: Mapping[str, str] = {"bounced": "wrong", "complained": "wrong", "unsubscribed": "", "by-hand": "warn"}


@dataclass(frozen=True, slots=True)
class Line:
    """One address, in words. `kind` is that of its badge, `stops` says which mails are not sent."""

    id: str
    address: str
    reason: str
    kind: str
    stops: str
    at: datetime | None
    by: str
    said: str


def lines(told: Iterable[Mapping[str, Any]], forms: Mapping[str, str]) -> Sequence[Line]:
    """Return addresses as notify tells of them, in words. `forms` are titles by name."""
    return [_line(one, forms) for one in told]


def _line(one: Mapping[str, Any], forms: Mapping[str, str]) -> Line:
    reason = str(one["reason"])
    return Line(
        id=str(one["id"]),
        address=str(one["address"]),
        reason=_REASONS.get(reason, reason),
        kind=_KINDS.get(reason, ""),
        stops=_stops(one, forms),
        at=datetime.fromisoformat(one["at"]) if one.get("at") else None,
        by=str(one.get("by") or ""),
        said=str(one.get("said") or ""),
    )


def _stops(one: Mapping[str, Any], forms: Mapping[str, str]) -> str:
    what = "digests" if one.get("stops") == "digests" else "mail"
    form = one.get("form")
    return f"{what} of {forms.get(form, form)}" if form else f"all {what}"
