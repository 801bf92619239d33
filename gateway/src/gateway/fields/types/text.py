"""Takes a text, of one line or of several."""

from __future__ import annotations

from gateway.fields.types.base import FieldType
from gateway.fields.widgets import Widget, text_area, text_input
from shared.forms import Field, Form
from shared.forms.lines import is_single_line


class Text(FieldType):
    """Any text. A long one may have several lines."""

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:
        """Return an input, or for several lines a text area."""
        return text_input(definition) if is_single_line(definition, form) else text_area(definition)
