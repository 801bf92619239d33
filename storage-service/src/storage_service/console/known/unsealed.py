"""Opens the sealed fields of one submission for somebody, which the audit is told of before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from shared.contracts import JsonValue
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.console.parts import Parts
from storage_service.records import Record
from storage_service.sealed import Opened, Opening
from storage_service.subjects.package.contents import Clear, Later

UNSEAL = "submission.unseal"
"""What the audit calls it."""


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What was sealed of a submission, and of what came later under its id, by the fingerprint of that."""

    own: Opened
    conflicts: Mapping[str, Opened]


class OpenedFor:
    """Opens the sealed fields of a submission for who may see them, and tells the audit before."""

    def __init__(self, opening: Opening, audit: Audit) -> None:
        self._opening = opening
        self._audit = audit

    def __call__(self, record: Record, later: Later, who: Asker, noted: set[UUID]) -> Clear:
        """Return what can be opened; nothing for who may not see it. What is `noted` the audit is not told again."""
        count = len(record.sealed) + sum(map(len, later.values()))
        if not count or not who.may("unseal", record.form):
            return Clear()
        if record.id not in noted:
            self._audit.note(who, UNSEAL, record.id, count=count)
            noted.add(record.id)
        return Clear(self._open(record, record.sealed), {mark: self._open(record, one) for mark, one in later.items()})

    def _open(self, record: Record, sealed: Mapping[str, str]) -> Mapping[str, JsonValue]:
        return self._opening.opened(record.form, record.id, sealed).fields


def unsealed(parts: Parts, record: Record, who: Asker) -> Unsealed:
    """Open them; raises as `classified` does, and then nothing is shown: who saw it is noted first."""
    conflicts = parts.pages.sealed_conflicts(record.id)
    count = len(record.sealed) + sum(map(len, conflicts.values()))
    parts.audit.note(who, UNSEAL, record.id, count=count)
    return Unsealed(
        parts.opening.opened(record.form, record.id, record.sealed),
        {mark: parts.opening.opened(record.form, record.id, sealed) for mark, sealed in conflicts.items()},
    )
