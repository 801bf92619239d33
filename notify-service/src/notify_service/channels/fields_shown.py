"""What an owner is shown of a submission: its fields in the form's order, each with its label and its lines. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import NamedTuple

from shared.contracts import JsonValue, SubmissionAccepted
from shared.forms import Form
from shared.forms.labels import label_from, label_of
from shared.text import REORDERING, as_shown, one_line

NO_NAME = "?"
"""The label of a field whose name has nothing that can be seen."""

_BLANK_LINES = re.compile(r"\n{3,}")
_LINE_ENDS = str.maketrans("\u2028\u2029", "\n\n")


class FieldShown(NamedTuple):
    """A field that holds something: its label, one line, and its value, one line at least.

    `answer` is the value of a field that is a yes or a no, for whoever words that in a language; `is_list` says that
    each entry of a list begins a line.
    """

    label: str
    lines: list[str]
    answer: bool | None = None
    is_list: bool = False


def mark_behind(label: str) -> str:
    """Return what stands between a label and its value; a label may end with a mark of its own."""
    return "" if label.endswith(("?", "!", ":", ".", "\N{HORIZONTAL ELLIPSIS}")) else ":"


def fields_shown(event: SubmissionAccepted, form: Form, include: Collection[str] | None = None) -> list[FieldShown]:
    """Return the fields that are not empty: the form's own in its order, then others in the order they came.

    Labels are as they are written. `include` names the fields that are wanted; None is all. What a stranger typed is
    cleaned of what controls a screen or turns text round, and nothing else of it is changed: whoever shows it escapes
    it for where it stands.
    """
    known = form.fields or {}
    names = [*known, *(name for name in event.fields if name not in known)]
    return [
        _shown(label_of(known[name]) if name in known else label_from(name), event.fields[name], lines)
        for name in names
        if (include is None or name in include) and (lines := lines_of(event.fields.get(name)))
    ]


def lines_of(value: JsonValue) -> list[str]:
    """Return a value as lines for people: an entry of a list is one at least; none where nothing can be seen."""
    text = "\n".join(_texts(value)).translate(_LINE_ENDS).translate(REORDERING)
    if not _is_visible(text):
        return []
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n").split("\n")


def _shown(label: str, value: JsonValue, lines: list[str]) -> FieldShown:
    answer = value if isinstance(value, bool) else None
    return FieldShown(_label(label), lines, answer, is_list=isinstance(value, list) and len(lines) > 1)


def _label(text: str) -> str:
    line = one_line(text)
    return line if _is_visible(line) else NO_NAME


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield as_shown(value)
    elif isinstance(value, bool):
        yield "yes" if value else "no"
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    elif value is not None:
        yield as_shown(json.dumps(value, ensure_ascii=False))


def _is_visible(text: str) -> bool:
    return any(unicodedata.category(character)[0] not in "ZC" for character in text)
