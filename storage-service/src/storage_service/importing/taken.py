"""What a record of a file becomes: a submission that was accepted long ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts import SubmissionAccepted


class Refusal(ValueError):
    """A record that is not taken; the text says why, and shows no field's value."""


@dataclass(frozen=True, slots=True)
class Worked:
    """How far people had come with a submission, as an export of ours says it."""

    state: str = "new"
    starred: bool = False
    labels: tuple[str, ...] = ()
    assignee: str | None = None
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A submission from these lines of a file. `event` has the id that it is to have. `worked` is None where nothing
    is known of that."""

    first: int
    last: int
    event: SubmissionAccepted
    worked: Worked | None = None

    @property
    def id(self) -> UUID:
        """Its id."""
        return self.event.id
