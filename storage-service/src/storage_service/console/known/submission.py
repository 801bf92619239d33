"""Reads one submission with all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared.forms import Form
from shared.messaging.broker import Answer
from storage_service.accounts.asker import Asker
from storage_service.console.parts import Parts
from storage_service.files import StoredFile
from storage_service.records import Record
from storage_service.work import Note, Step

READ = "submission.read"
"""What the audit calls it."""


@dataclass(frozen=True, slots=True)
class Known:
    """A submission, its form as the file has it by now, and what came of it.

    `form` is None where it is gone from the file. `told` is what notify tells of the deliveries, None where it is away.
    `conflicts` are the first of what came later under its id with other fields, `notes` and `trail` what people did;
    oldest first. `files` are its own, `conflict_files` those of conflicts, by their fingerprints.
    """

    record: Record
    form: Form | None
    told: Answer | None
    conflicts: Sequence[Mapping[str, Any]]
    notes: Sequence[Note]
    trail: Sequence[Step]
    files: Sequence[StoredFile] = ()
    conflict_files: Mapping[str, Sequence[StoredFile]] = field(default_factory=dict)


def known(parts: Parts, key: UUID, who: Asker) -> Known | None:
    """Read one, which the audit is told of before; None where there is none that the asker may see.

    Raises as `Records.one` does. Notify is waited for a second at most.
    """
    record = parts.records.one(key, who.forms)
    if record is None:
        return None
    parts.audit.note(who, READ, key)
    conflicts = parts.pages.conflicts(record.id)
    return Known(
        record=record,
        form=parts.forms.get(record.form),
        told=parts.asking.deliveries(record.id),
        conflicts=conflicts,
        notes=parts.work.notes(record.id),
        trail=parts.work.trail(record.id),
        files=parts.uploads.own(record.id),
        conflict_files=parts.uploads.of_conflicts(record.id) if conflicts else {},
    )
