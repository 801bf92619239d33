"""What owners are told of the files of a submission: their names, and where each can be had."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from notify_service.channels.fields_shown import NO_NAME
from shared.contracts import JsonValue, SubmissionAccepted, SubmittedFile
from shared.forms import Form, size_text
from shared.forms.labels import label_from, label_of
from shared.text import as_shown, one_line

_NAME_MOST, _LABEL_MOST = 150, 80
"""Characters that are shown of a file's name, and of the label of its field."""


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file as an owner is shown it, `number` from 1. `label` and `name` are one line each, `size` is for people."""

    number: int
    label: str
    name: str
    size: str
    file: SubmittedFile


def file_links(event: SubmissionAccepted, form: Form, include: Collection[str] | None = None) -> Sequence[FileLink]:
    """Return the files of a submission in their order; `include` names the fields that are wanted, None is all."""
    known = form.fields or {}
    return [
        FileLink(
            number,
            _line(label_of(known[one.field]) if one.field in known else label_from(one.field), _LABEL_MOST),
            _line(one.name, _NAME_MOST),
            size_text(one.size),
            one,
        )
        for number, one in enumerate(event.files, start=1)
        if include is None or one.field in include
    ]


def file_page(console_url: str | None, submission: UUID, number: int) -> str | None:
    """Return where a browser gets a file from the console, once somebody has signed in; None where nobody says where
    the console is reached."""
    return f"{console_url}/console/submissions/{submission}/files/{number}" if console_url else None


def with_names(event: SubmissionAccepted) -> Mapping[str, JsonValue]:
    """Return the fields, and for each that had files their names: for templates that repeat a field by its name."""
    names: dict[str, list[str]] = {}
    for one in event.files:
        names.setdefault(one.field, []).append(one.name)
    return {**event.fields, **{field: ", ".join(some) for field, some in names.items()}}


def _line(text: str, most: int) -> str:
    return one_line(as_shown(text[: 2 * most]))[:most] or NO_NAME
