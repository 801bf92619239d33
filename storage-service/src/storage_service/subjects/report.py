"""Says what is kept of a person, by place, and nothing of what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from uuid import UUID

from storage_service.subjects.elsewhere import ParkedCopy
from storage_service.subjects.person import Person
from storage_service.subjects.suppressed import SuppressedAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found. None where a place could not be asked: `silent` names the services that did not answer.

    `stored` are the submissions that are stored, `mailed` those that notify has confirmed to the person. `elsewhere`
    are the ids of others, that are mailed, or of which a copy is parked. `spam` is among `stored`; `forms` says how
    many each form has. `conflicts` came later under the id of a submission, `files` came with either, `notes` and
    `labels` name the person. `parked` are copies, by service. `written` are the addresses as they were found, the
    first ones. `suppressed` says which of the addresses are sent no mail: that stays. `unfinished` says what was not
    looked into, because there is too much of it; `is_indexed` is false while the search index is being filled.
    """

    person: Person
    stored: Sequence[UUID] = field(repr=False)
    elsewhere: Sequence[UUID] = field(default=(), repr=False)
    spam: int = 0
    forms: Mapping[str, int] = field(default_factory=dict)
    conflicts: int = 0
    files: int = 0
    notes: int = 0
    labels: int = 0
    mailed: Set[UUID] | None = field(default=None, repr=False)
    parked: Mapping[str, Sequence[ParkedCopy] | None] = field(default_factory=dict)
    written: Sequence[str] = field(default=(), repr=False)
    suppressed: Sequence[SuppressedAddress] | None = field(default=(), repr=False)
    silent: Sequence[str] = ()
    unfinished: Sequence[str] = ()
    is_indexed: bool = True

    @property
    def count(self) -> int:
        """How many submissions would be erased."""
        return len(self.stored) + len(self.elsewhere)

    @property
    def is_complete(self) -> bool:
        """Whether everything was looked into that the asker may see."""
        return self.is_ready and not self.unfinished

    @property
    def is_ready(self) -> bool:
        """Whether asking again in a while would not find more."""
        return self.is_indexed and not self.silent

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not self.count and not any(self.parked.values())

    def places(self) -> Mapping[str, int | None]:
        """Return how much was found in each place; None where it could not be asked."""
        parked = {f"parked_{name}": None if found is None else len(found) for name, found in self.parked.items()}
        return {
            "submissions": len(self.stored) - self.spam,
            "spam": self.spam,
            "conflicts": self.conflicts,
            "files": self.files,
            "notes": self.notes,
            "labels": self.labels,
            "mailed": None if self.mailed is None else len(self.mailed),
            "not_stored": len(self.elsewhere),
            **parked,
        }
