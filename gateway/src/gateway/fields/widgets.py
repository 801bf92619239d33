"""Defines the HTML elements by which a page asks for a field's value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from shared.forms import Field, FileRules, Files
from shared.forms.uploads.kinds import accept_of
from shared.forms.uploads.words import limits_of

Kind: TypeAlias = Literal["input", "textarea", "select", "checkbox", "checkboxes", "lines", "file"]
"""The ways to draw an element, which stand in the template `inputs.html`."""

_READ_OTHERWISE = re.compile(r"&&|--|\[[^]]*\[")
"""What stands for something else in a browser's pattern (JavaScript's flag v) than in RE2's."""


@dataclass(frozen=True, slots=True)
class Widget:
    """One element of a page.

    `type` and `attributes` are those of its HTML. A browser shows no value in it but those that `shows` matches whole;
    None for any. `note` is told beside it.
    """

    kind: Kind = "input"
    type: str = "text"
    attributes: Mapping[str, object] = field(default_factory=dict)
    shows: re.Pattern[str] | None = None
    note: str = ""


def text_input(definition: Field, html_type: str = "text") -> Widget:
    """Return the input of one line, of `text` or of another type that takes any text, with what a browser checks."""
    pattern = None if _READ_OTHERWISE.search(definition.pattern or "") else definition.pattern
    limits = {
        "minlength": definition.min_length or None,
        "maxlength": definition.max_length,
        "pattern": pattern,
        "title": (definition.help or None) if pattern else None,
        "dir": "auto" if html_type == "text" else None,
    }
    return Widget(type=html_type, attributes=_given(limits))


def text_area(definition: Field) -> Widget:
    """Return the text area of a text of several lines. It has no pattern in HTML."""
    limits = {"minlength": definition.min_length or None, "maxlength": definition.max_length}
    return Widget("textarea", attributes=_given(limits))


def bounded_input(definition: Field, html_type: str, shows: re.Pattern[str], step: str | None = None) -> Widget:
    """Return the input of what has a least and a greatest value."""
    limits = {"min": definition.min, "max": definition.max, "step": step}
    return Widget(type=html_type, attributes=_given(limits), shows=shows)


def file_input(rules: FileRules, files: Files) -> Widget:
    """Return the input of files, of what `rules` take; `files` are those of the form.

    A browser shows nothing in it that was sent before, and checks no size: that does `counterfoil.js`.
    """
    limits = {
        "accept": accept_of(rules.types) or None,
        "multiple": "multiple" if rules.max_count > 1 else None,
        "data-max-size": rules.max_size,
        "data-max-count": rules.max_count if rules.max_count > 1 else None,
    }
    return Widget("file", type="file", attributes=_given(limits), note=limits_of(rules, files))


def _given(attributes: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in attributes.items() if value is not None}
