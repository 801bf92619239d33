"""Shows the deliveries of a submission, as notify tells of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage_service.console.pages.submission.words import GATHERED, OUTCOMES, STATES
from storage_service.deliveries.listing import Listed
from storage_service.deliveries.naming import channel_named, channel_words

_AGAIN = frozenset({"failed", "held", "suppressed", "bounced"})
_UNSETTLED = frozenset({"pending", "sending", "retrying"})
_TOLD_LATER = frozenset({"bounced", "complained"})
_COMPLAINED = "Whoever got it called it spam: mail to this address was stopped."


@dataclass(frozen=True, slots=True)
class Try:
    """One try to deliver: `said` is what the other side said, or why it said nothing.

    `took_ms` is None for what somebody told of a mail afterwards.
    """

    number: int
    at: datetime | None
    took_ms: int | None
    outcome: str
    said: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery, in words. `channel` is what sending again calls it; `reason` says why it is where it is.

    `parked_at` is since when its message waits for a person. `tries` are the last ones, oldest first.
    """

    channel: str
    name: str
    destination: str
    state: str
    words: str
    reason: str
    at: datetime | None
    changed_at: datetime | None
    next_at: datetime | None
    parked_at: datetime | None
    attempts: int
    requested_by: str | None
    tries: Sequence[Try]

    @property
    def is_to_go_again(self) -> bool:
        """Whether it waits for somebody to send it again."""
        return self.state in _AGAIN

    @property
    def is_settled(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.state not in _UNSETTLED


def deliveries_shown(told: Sequence[Mapping[str, Any]]) -> list[Delivery]:
    """Return deliveries, as `known.standing` has them, in words; what an earlier notify does not tell is None."""
    return [_shown(one) for one in told]


def deliveries_known(told: Iterable[Listed]) -> list[Delivery]:
    """Return what notify told before, where it is away: mostly what failed or is held, without its tries."""
    return [
        _shown(
            {
                "channel": one.channel,
                "destination": one.destination,
                "state": one.state,
                "attempts": one.attempts,
                "reason": one.words or one.reason,
                "changed_at": one.changed_at,
            }
        )
        for one in told
    ]


def _shown(one: Mapping[str, Any]) -> Delivery:
    tries = [_try(each) for each in reversed(one.get("tries") or [])]
    is_called_spam = any(each.outcome == OUTCOMES["complained"] for each in tries)
    parked_at = moment(one.get("parked_at"))
    gathered = GATHERED.get(one.get("error") or "") if one["state"] == "held" else None
    words = gathered or STATES.get(one["state"], one["state"])
    created_at, changed_at = moment(one.get("created_at")), moment(one.get("changed_at"))
    return Delivery(
        channel=channel_named(one["channel"]),
        name=channel_words(one["channel"]),
        destination=one.get("destination") or "",
        state="pending" if gathered else one["state"],
        words="waits for an operator" if parked_at else words,
        reason=one.get("reason") or (_COMPLAINED if is_called_spam else ""),
        at=created_at or next((each.at for each in tries), None) or changed_at,
        changed_at=changed_at,
        next_at=moment(one.get("next_attempt_at")),
        parked_at=parked_at,
        attempts=one.get("attempts") or 0,
        requested_by=one.get("requested_by"),
        tries=tries,
    )


def _try(told: Mapping[str, Any]) -> Try:
    outcome = told.get("outcome") or ""
    return Try(
        told.get("number") or 0,
        moment(told.get("at")),
        None if outcome in _TOLD_LATER else told.get("took_ms") or 0,
        OUTCOMES.get(outcome, outcome),
        told.get("said") or "",
    )


def moment(told: object) -> datetime | None:
    """Return a moment as another service tells it; None where it tells none."""
    if isinstance(told, datetime):
        return told
    return datetime.fromisoformat(told) if isinstance(told, str) else None
