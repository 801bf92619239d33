"""Finds double clicks: a form may count the same fields within a window of time as one submission."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gateway.intake.submissions import id_for_key
from shared.contracts import JsonValue, SubmittedFile, fingerprint
from shared.forms import Form

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Duplicates:
    """Makes the idempotency key of a submission that brought none, out of its form's window and its fields.

    Time is cut into pieces as long as the window, and a key belongs to a piece: every gateway makes the same one,
    and none keeps anything. What came at the end of the piece before may still be within the window: `accepted_at` is
    asked when that was accepted first. Where nobody answers in time, or it is not stored yet, the new piece's key
    counts, and the two are two submissions.
    """

    def __init__(self, accepted_at: Callable[[UUID], datetime | None]) -> None:
        self._accepted_at = accepted_at

    def key_for(
        self,
        form: Form,
        fields: Mapping[str, JsonValue],
        now: datetime,
        *,
        spam: bool,
        files: Sequence[SubmittedFile] = (),
    ) -> str | None:
        """Return the key, the same for the same fields and files within the window of the first; None for a form
        without one."""
        window = form.deduplicate
        if window is None:
            return None
        piece, mark = (now - _EPOCH) // window, fingerprint(fields, files)
        before = _key(window, piece - 1, mark)
        first = self._accepted_at(id_for_key(form.name, before, spam=spam))
        return before if first is not None and now - first < window else _key(window, piece, mark)


def _key(window: timedelta, piece: int, mark: str) -> str:
    return f"same/{window // timedelta(seconds=1)}/{piece}/{mark}"
