"""`submission.erased.v1` says that a submission is erased: forget all that is known of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from shared.contracts.members import document_in, member, moment_of, utc_text, uuid_of
from shared.contracts.registry import register

ERASED_GRACE = timedelta(seconds=60)
"""What was accepted so soon after an erasure, under the erased id, belongs to what is erased: a message in flight, or a
page that posts once more. What is accepted later is a new submission."""

_DEPTH_MOST = 4


@register
@dataclass(frozen=True, slots=True)
class SubmissionErased:
    """The submission of this id is erased, since `erased_at`, an aware moment; of several erasures the last counts."""

    TYPE: ClassVar[str] = "submission.erased.v1"

    id: UUID
    erased_at: datetime

    def covers(self, accepted_at: datetime) -> bool:
        """Say whether a submission under this id that was accepted at that moment is erased, too."""
        return is_covered(accepted_at, self.erased_at)

    def encode(self) -> bytes:
        """Return it as the body of a message."""
        document = {"id": str(self.id), "erased_at": utc_text(self.erased_at)}
        return json.dumps(document, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, body: bytes) -> SubmissionErased:
        """Read a message body; raises `InvalidEvent`."""
        document = document_in(body, most_depth=_DEPTH_MOST)
        erased_at = moment_of(member(document, "erased_at", str), "erased_at")
        return cls(uuid_of(member(document, "id", str), "id"), erased_at)


def is_covered(accepted_at: datetime, erased_at: datetime) -> bool:
    """Say whether what was accepted at a moment belongs to what was erased at another; both are aware."""
    return accepted_at - erased_at <= ERASED_GRACE
