"""Finds the placeholders `{name}` in a form's templates."""

from __future__ import annotations

import re

PLACEHOLDER = re.compile(r"\{([^\W_][\w .-]{0,99})\}")
"""A field's name in braces; whatever else stands in braces is plain text."""


def names_in(template: str) -> list[str]:
    """Return the names of the fields that a template asks for, in its order."""
    return PLACEHOLDER.findall(template)
