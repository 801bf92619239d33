"""Invents a digest of a form, to show what it looks like."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from notify_service.digests.lines import UNKNOWN, Line
from notify_service.digests.wording import Digested, Told

_UNSUBSCRIBE = "https://forms.example.org/unsubscribe/example"
_LINES = (
    Line("good", "Ada Lovelace", "What was typed. Of a long text this is the beginning."),
    Line("good", "grace@example.org", "A second submission."),
    UNKNOWN,
)
_COUNT = 5
"""Of how many submissions a digest tells: more than it has lines, so that it says so."""

_MANY = 313


def sample_digest(now: datetime, *, is_many: bool) -> Digested:
    """Return a digest as it would be sent at a moment; `is_many`: they came too fast for a mail each."""
    if is_many:
        return Digested([], _MANY, is_many=True, unsubscribe_url=_UNSUBSCRIBE)
    told = [Told(UUID(int=number), now - timedelta(hours=number), line) for number, line in enumerate(_LINES, start=1)]
    return Digested(told, _COUNT, unsubscribe_url=_UNSUBSCRIBE)
