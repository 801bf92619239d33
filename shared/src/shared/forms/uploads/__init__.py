"""Defines which files a form takes: how large, how many, of which types."""

from shared.forms.uploads.rules import FileRules, Files, WhenAway
from shared.forms.uploads.sizes import size_text

__all__ = ["FileRules", "Files", "WhenAway", "size_text"]
