"""Reads what is handed to a person of each submission."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Engine, select

from shared.database import iso
from shared.forms import Forms
from shared.forms.labels import labels_of
from storage_service.accounts.asker import Asker
from storage_service.queries import SubmissionQueries
from storage_service.records.bounded import Reader
from storage_service.records.conditions import within
from storage_service.records.record import Record, columns, record_of
from storage_service.tables import submission_notes, submissions

AT_ONCE = 50

_S, _N = submissions.c, submission_notes.c

Opened: TypeAlias = Callable[[Record, Asker], Mapping[str, Any]]
"""Returns the sealed fields of a submission in the clear, by name; none for who may not see them."""


def nothing_opened(_record: Record, _by: Asker) -> Mapping[str, Any]:
    """Open nothing."""
    return {}


@dataclass(frozen=True, slots=True)
class Contents:
    """Reads from a database; `forms` are those of the file, `opened` opens what is sealed."""

    engine: Engine
    forms: Forms
    opened: Opened = nothing_opened

    def documents(self, keys: Sequence[UUID], by: Asker) -> Iterator[tuple[UUID, dict[str, Any]]]:
        """Yield each submission that is still there, with its document, in short transactions."""
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
                        **self._shown(one, by),
                        "came_again": self._came_again(one),
                        "notes": [
                            {"at": iso(row.at), "text": row.text} for row in notes if row.submission_id == one.id
                        ],
                    },
                )

    def _came_again(self, one: Record) -> list[dict[str, Any]]:
        """Return what came later under its id, as much of it as is told anywhere: a stranger chooses how much it is."""
        told = SubmissionQueries(self.engine).conflicts(one.id) if one.conflict_count else []
        return [{"accepted_at": each["accepted_at"], "fields": each["fields"]} for each in told]

    def _shown(self, one: Record, by: Asker) -> dict[str, Any]:
        form, opened = self.forms.get(one.form), dict(self.opened(one, by))
        return {
            "id": str(one.id),
            "form": one.form,
            "form_title": form.title if form else one.form,
            "accepted_at": iso(one.accepted_at),
            "stored_at": iso(one.stored_at),
            "fields": dict(one.fields),
            "field_labels": labels_of(form, {**one.fields, **one.sealed}),
            "opened": opened,
            "sealed": sorted(one.sealed.keys() - opened.keys()),
            "source": _said(one.source),
            "control": _said(one.control),
            "spam": one.spam,
            "labels": list(one.labels),
        }


def _said(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
