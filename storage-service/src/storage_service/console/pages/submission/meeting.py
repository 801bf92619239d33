"""Decides what is to be done where somebody changed a submission after it was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias, TypeVar
from uuid import UUID

from storage_service.records import Record
from storage_service.work import Outdated, Step, Work

T = TypeVar("T")
Subject: TypeAlias = Literal["state", "starred", "labels", "assignee", "spam", "note", "reply", "erased"]

_TALK: frozenset[str] = frozenset({"note", "reply", "state", "assignee", "spam"})
_MEETS: Mapping[Subject, frozenset[str]] = {
    "state": frozenset({"state", "spam"}),
    "starred": frozenset({"starred"}),
    "labels": frozenset(),
    "assignee": frozenset({"assignee"}),
    "spam": frozenset({"spam", "state"}),
    "note": _TALK,
    "reply": _TALK,
    "erased": _TALK | {"labels", "starred", "opted_in"},
}
"""By what somebody does: what others may have done meanwhile that they have to see first. One label is put on or taken
off, whatever others do with labels; a star and a label say nothing that a note would answer. What
cannot be brought back is erased as it was seen."""


class Met(Exception):
    """Others did what has to be seen first: `steps`, oldest first. Nothing was changed; `current` is how it is now."""

    def __init__(self, current: Record, steps: Sequence[Step]) -> None:
        super().__init__(f"the submission is at version {current.version}")
        self.current = current
        self.steps = steps


def with_others(work: Work, key: UUID, seen: int, subject: Subject, do: Callable[[int], T]) -> T:
    """Do something to a submission at the version that was seen, or at a later one where nothing met it; raises `Met`.

    `do` takes the version, and raises what `Work` raises.
    """
    version = seen
    while True:
        try:
            return do(version)
        except Outdated as error:
            current = error.current
        came = [step for step in work.trail(key) if (step.version or 0) > seen]
        if any(_MEETS[subject] & step.changes.keys() for step in came):
            raise Met(current, came)
        version = current.version
