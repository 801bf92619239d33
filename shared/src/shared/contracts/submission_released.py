"""`submission.released.v1` says that a submission is good after all, or need not be held: deliver what was withheld.

It carries the accepted event whole, because notify keeps no fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from shared.contracts.members import document_in, member, version_of
from shared.contracts.registry import register
from shared.contracts.strict_json import MAX_DEPTH
from shared.contracts.submission import SubmissionAccepted, document_of


@register
@dataclass(frozen=True, slots=True)
class SubmissionReleased:
    """A submission that is to be delivered; `version` is that of its row, from 1, and the highest one counts."""

    TYPE: ClassVar[str] = "submission.released.v1"

    version: int
    submission: SubmissionAccepted

    @property
    def id(self) -> UUID:
        """The submission's id."""
        return self.submission.id

    def encode(self) -> bytes:
        """Return it as the body of a message; the submission's document goes into it as it came."""
        return f'{{"version":{self.version},"submission":{document_of(self.submission)}}}'.encode()

    @classmethod
    def decode(cls, body: bytes) -> SubmissionReleased:
        """Read a message body; raises `InvalidEvent`."""
        document = document_in(body, most_depth=MAX_DEPTH + 2)
        return cls(
            version_of(document, "version"), SubmissionAccepted.of_document(member(document, "submission", dict))
        )
