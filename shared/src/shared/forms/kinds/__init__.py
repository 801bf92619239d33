"""Knows the types of files that a form can name: families, endings and MIME types."""

from shared.forms.kinds.table import FAMILIES, Kind
from shared.forms.kinds.words import ENCRYPTED, MOST, accept, flaw_of, in_words

__all__ = ["ENCRYPTED", "FAMILIES", "MOST", "Kind", "accept", "flaw_of", "in_words"]
