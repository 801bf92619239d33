"""Says when to try again."""

from __future__ import annotations

from flask import Response

_MOMENT_S, _MINUTE_S = 5, 60


def too_many(answer: Response, retry_after_s: int) -> Response:
    """Return an answer with the moment from which it may be tried again."""
    answer.headers["Retry-After"] = str(retry_after_s)
    return answer


def wait_of(retry_after_s: int) -> str:
    """Return how long that is, in words: `a moment`, `40 seconds`, `15 minutes`."""
    if retry_after_s <= _MOMENT_S:
        return "a moment"
    if retry_after_s < _MINUTE_S:
        return f"{retry_after_s} seconds"
    minutes = -(-retry_after_s // _MINUTE_S)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
