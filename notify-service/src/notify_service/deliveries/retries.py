"""The schedule of retries, and the age at which a delivery is given up."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.messaging.topology import RETRY_LEVELS_S

BUG = "unexpected "
"""How the reason begins of a confirmation that failed because of what nobody foresaw: the name of it follows."""

UNKNOWN = "unknown form"
"""Why a delivery has failed whose form nobody knows, when it is too old to wait for that."""

EARLIEST = 0.8
"""Which part of a pause has passed when a delivery comes back at the earliest: pauses are scattered."""

PUT_ASIDE_MOST_S = 600.0
"""How long a delivery that cannot be tried is put aside, at most: it shall not wait long once it can."""

FILE_ARRIVES = timedelta(minutes=5)
"""How much later than another process this one may have a new forms file, or a new version."""

AGE_LIMIT = timedelta(hours=72)
"""How long after it became due a delivery is still retried: a limit of age, not a count. So long a cap may hold one
back, too."""

LOST_AFTER = timedelta(hours=80)
"""How long after it became due a delivery has failed that nobody tries: longer than any retry may take."""

LOST = "lost"
"""Why a delivery has failed whose message is gone, and did not come again."""

_SCHEDULE_S = tuple(RETRY_LEVELS_S.values())

PAUSE_MOST_S = float(max(_SCHEDULE_S))
"""The longest pause between two tries, whatever an endpoint asks for: that of the longest delay level, six hours."""


def retry_after_s(attempts: int) -> float:
    """Return the pause after so many attempts (from 1), in seconds: 30 s, 2 min, 10 min, 30 min, 2 h, then 6 h."""
    return float(_SCHEDULE_S[min(max(attempts, 1), len(_SCHEDULE_S)) - 1])


def is_too_old(due_at: datetime, now: datetime) -> bool:
    """Say whether a delivery that is due since then is to be given up when it fails once more."""
    return now - due_at >= AGE_LIMIT


def may_come(accepted_at: datetime, attempt: int, now: datetime) -> bool:
    """Say whether what a delivery needs may be about to come to this process. Each is put aside once, at least."""
    return attempt == 0 or now - accepted_at < FILE_ARRIVES


def until_retried(after_s: float) -> float:
    """Return for how long to put a delivery off that may not come before `after_s` seconds: six hours at most."""
    return min(after_s / EARLIEST, PAUSE_MOST_S)


def put_aside_s(attempt: int) -> float:
    """Return for how long a delivery is put aside that cannot be tried, after so many attempts (from 0), in seconds."""
    return min(retry_after_s(attempt + 1), PUT_ASIDE_MOST_S)


def unknown_channel(channel: str) -> str:
    """Return why what is asked of a channel cannot be done, that only another version may know."""
    return f"channel {channel[:64]!r} is not known here"


def without(channel: str) -> str:
    """Return why a delivery is put off whose form is known, and has no such channel yet."""
    return f"its form has no {channel} in this service's forms file"


def unknown(form: str) -> str:
    """Return why a delivery is put off whose form nobody knows yet."""
    return f"form {form[:64]!r} is not in this service's forms file"
