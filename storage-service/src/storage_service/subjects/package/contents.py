"""Reads what is handed to a person of each submission."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Engine, select

from shared.database import iso
from shared.forms import Forms
from shared.forms.labels import labels_of
from storage_service.accounts.asker import Asker
from storage_service.files.packing import Packed, Packing
from storage_service.files.reading import Uploads
from storage_service.queries import SubmissionQueries
from storage_service.records.bounded import Reader
from storage_service.records.conditions import within
from storage_service.records.record import Record, columns, record_of
from storage_service.tables import submission_notes, submissions

AT_ONCE = 50

_S, _N = submissions.c, submission_notes.c

Sealed: TypeAlias = Mapping[str, str]
Later: TypeAlias = Mapping[str, Sealed]
"""What is sealed of what came later under an id, by its fingerprint."""


@dataclass(frozen=True, slots=True)
class Clear:
    """Fields in the clear, by name: of a submission, and of what came later under its id, by its fingerprint."""

    own: Mapping[str, Any] = field(default_factory=dict)
    later: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


Opened: TypeAlias = Callable[[Record, Later, Asker, set[UUID]], Clear]
"""Returns the sealed fields of a submission in the clear; none for who may not see them. The set has those of which the
audit knows already that this asker sees them now."""


def nothing_opened(_record: Record, _later: Later, _by: Asker, _noted: set[UUID]) -> Clear:
    """Open nothing."""
    return Clear()


@dataclass(frozen=True, slots=True)
class Contents:
    """Reads from a database; `forms` are those of the file, `opened` opens what is sealed.

    Without `uploads` nothing is told of files.
    """

    engine: Engine
    forms: Forms
    opened: Opened = nothing_opened
    uploads: Uploads | None = None

    def documents(self, keys: Sequence[UUID], by: Asker, noted: set[UUID]) -> Iterator[tuple[UUID, dict[str, Any]]]:
        """Yield each submission that is still there, with its document, in short transactions; see `Opened`."""
        reader = Reader(self.engine)
        for start in range(0, len(keys), AT_ONCE):
            some = keys[start : start + AT_ONCE]
            with reader.connection() as connection:
                found = select(*columns()).where(_S.id.in_(some), *within(by.forms)).order_by(_S.accepted_at, _S.id)
                records = [record_of(row) for row in connection.execute(found)]
                notes = connection.execute(select(submission_notes).where(_N.submission_id.in_(some))).all()
            for one in records:
                yield (
                    one.id,
                    {
                        **self._shown(one, by, noted),
                        "files": [_file(each) for each in self.files(one.id, one.form, self._looked_at)],
                        "notes": [
                            {"at": iso(row.at), "text": row.text} for row in notes if row.submission_id == one.id
                        ],
                    },
                )

    def packed(self, keys: Sequence[UUID], by: Asker) -> Iterator[Packed]:
        """Yield the files of submissions that are still there, each opened; raises `StoreUnavailable`."""
        reader = Reader(self.engine)
        for start in range(0, len(keys), AT_ONCE):
            with reader.connection() as connection:
                asked = select(_S.id, _S.form).where(_S.id.in_(keys[start : start + AT_ONCE]), *within(by.forms))
                rows = connection.execute(asked.order_by(_S.accepted_at, _S.id)).all()
            for row in rows:
                yield from self.files(row.id, row.form, self._packed)

    def files(self, key: UUID, form: str, pack: Callable[..., Packed]) -> Iterator[Packed]:
        """Yield the files of a submission, and of what came later under its id, as `pack` makes them."""
        if self.uploads is None:
            return
        for file in self.uploads.own(key):
            yield pack(key, form, file)
        for number, some in enumerate(self.uploads.of_conflicts(key).values(), 1):
            for file in some:
                yield pack(key, form, file, number)

    def _packed(self, *of: Any) -> Packed:
        assert self.uploads is not None  # noqa: S101 - see `files`
        return Packing(self.uploads, self.forms).packed(*of)

    def _looked_at(self, *of: Any) -> Packed:
        assert self.uploads is not None  # noqa: S101
        return Packing(self.uploads, self.forms).looked_at(*of)

    def _shown(self, one: Record, by: Asker, noted: set[UUID]) -> dict[str, Any]:
        """Return a document: of what came later as much as is told anywhere, for a stranger chooses how much it is."""
        queries = SubmissionQueries(self.engine)
        later = queries.conflicts(one.id) if one.conflict_count else []
        clear = self.opened(one, queries.sealed_conflicts(one.id) if later else {}, by, noted)
        form, opened = self.forms.get(one.form), dict(clear.own)
        names = dict.fromkeys(name for each in later for name in (*each["fields"], *each["sealed"]))
        return {
            "id": str(one.id),
            "form": one.form,
            "form_title": form.title if form else one.form,
            "accepted_at": iso(one.accepted_at),
            "stored_at": iso(one.stored_at),
            "fields": dict(one.fields),
            "field_labels": labels_of(form, {**one.fields, **one.sealed, **names}),
            "opened": opened,
            "sealed": sorted(one.sealed.keys() - opened.keys()),
            "source": _said(one.source),
            "control": _said(one.control),
            "spam": one.spam,
            "labels": list(one.labels),
            "opt_in": one.opt_in_state,
            "opt_in_proof": _said(one.opt_in_proof or {}) or None,
            "came_again": [_later_shown(each, clear.later.get(each["fingerprint"], {})) for each in later],
        }


def _later_shown(told: Mapping[str, Any], opened: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "accepted_at": told["accepted_at"],
        "fields": told["fields"],
        "opened": dict(opened),
        "sealed": sorted(set(told["sealed"]) - opened.keys()),
    }


def _file(one: Packed) -> dict[str, Any]:
    told = {name: getattr(one.file, name) for name in ("field", "name", "given", "type", "size", "sha256")}
    return {**told, "path": one.path or None, "left_out": one.left_out or None}


def _said(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
