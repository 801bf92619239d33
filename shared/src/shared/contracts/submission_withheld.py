"""`submission.withheld.v1` says that a submission is spam after all: cancel what of it is not sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from shared.contracts.members import document_in, member, uuid_of, version_of
from shared.contracts.registry import register

_DEPTH_MOST = 4


@register
@dataclass(frozen=True, slots=True)
class SubmissionWithheld:
    """The submission of this id is not to be delivered; `version` is that of its row, from 1, the highest counts."""

    TYPE: ClassVar[str] = "submission.withheld.v1"

    id: UUID
    version: int

    def encode(self) -> bytes:
        """Return it as the body of a message."""
        return json.dumps({"id": str(self.id), "version": self.version}, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, body: bytes) -> SubmissionWithheld:
        """Read a message body; raises `InvalidEvent`."""
        document = document_in(body, most_depth=_DEPTH_MOST)
        return cls(uuid_of(member(document, "id", str), "id"), version_of(document, "version"))
