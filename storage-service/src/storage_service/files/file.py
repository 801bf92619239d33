"""What the database knows of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from shared.contracts import SubmittedFile
from shared.contracts.parts.submitted_file import MEMBERS


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile(SubmittedFile):
    """One file of a submission, `number` from 1."""

    number: int

    @property
    def submitted(self) -> SubmittedFile:
        """The file as an event tells of it: without its number."""
        return SubmittedFile(*(getattr(self, name) for name in MEMBERS))


NAMES = ("number", *MEMBERS)


def file_of(row: Row[Any]) -> StoredFile:
    """Return the file of a row that has all of `NAMES`."""
    return StoredFile(**{name: getattr(row, name) for name in NAMES})
