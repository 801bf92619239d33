"""`submission.released.v1` says that a submission is good after all, or need not be held: deliver what was withheld.

A person says so, or a second event of the same submission that no gateway took for spam. It carries the accepted event
whole, because notify keeps no fields. One that still waits for its address to be confirmed is `.v2`.
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
    """A submission that is to be delivered; `version` is that of its row, from 1, and the highest one counts.

    `by_hand` says that a person released it. Else it is delivered as if it had been accepted just so, and nobody hears
    of a release: there was none.
    """

    TYPE: ClassVar[str] = "submission.released.v1"
    TYPE_WITH_OPT_IN: ClassVar[str] = "submission.released.v2"
    """Its mail is to go, and nothing else: an older version, which would deliver all, parks this one."""

    TYPES: ClassVar[tuple[str, ...]] = (TYPE, TYPE_WITH_OPT_IN)

    version: int
    submission: SubmissionAccepted
    by_hand: bool = True

    @property
    def id(self) -> UUID:
        """The submission's id."""
        return self.submission.id

    @property
    def type(self) -> str:
        """Which of its types it is published as."""
        return self.TYPE_WITH_OPT_IN if self.submission.opt_in else self.TYPE

    def encode(self) -> bytes:
        """Return it as the body of a message; the submission's document goes into it as it came."""
        said = "" if self.by_hand else '"by_hand":false,'
        return f'{{"version":{self.version},{said}"submission":{document_of(self.submission)}}}'.encode()

    @classmethod
    def decode(cls, body: bytes) -> SubmissionReleased:
        """Read a message body; raises `InvalidEvent`."""
        document = document_in(body, most_depth=MAX_DEPTH + 2)
        submission = SubmissionAccepted.of_document(member(document, "submission", dict))
        by_hand = member(document, "by_hand", bool) if "by_hand" in document else True
        return cls(version_of(document, "version"), submission, by_hand)
