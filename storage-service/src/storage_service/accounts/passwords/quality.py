"""Says which passwords are not taken."""

from __future__ import annotations

import string
import unicodedata
from importlib import resources

from shared.text import flaw_of

LENGTH_LEAST = 12
LENGTH_MOST = 1000
"""Characters of a password."""

_RUNS = ("01234567890123456789", "98765432109876543210")
_ADDED = string.digits + string.punctuation + string.whitespace


class Quality:
    """Knows the 10,000 most common passwords, from the file beside this; see `common.md`."""

    def __init__(self) -> None:
        file = resources.files("storage_service.accounts.passwords") / "common.txt"
        self._common = frozenset(file.read_text("utf-8").split())

    def problem_with(self, text: str, email: str) -> str | None:
        """Return why a password is not taken for the account of this address, as a sentence; None where it is."""
        if len(text) > LENGTH_MOST:
            return f"A password has {LENGTH_MOST} characters at most."
        if flaw_of(text):
            return "This password has characters that are no text."
        if len(text) < LENGTH_LEAST:
            return f"A password has at least {LENGTH_LEAST} characters: three or four words make a good one."
        folded = unicodedata.normalize("NFKC", text).casefold()
        if self._is_common(folded):
            return "This password is one of the first that are tried: many people have it. Take another."
        if _is_of(folded, email.casefold()):
            return "This password is your address: take another."
        return None

    def _is_common(self, folded: str) -> bool:
        """Return whether it is one of the list, or one with digits and signs around it, or typed by one finger."""
        is_simple = len(set(folded)) < 4 or any(folded in run for run in _RUNS)
        return is_simple or folded in self._common or folded.strip(_ADDED) in self._common


def _is_of(folded: str, email: str) -> bool:
    """Return whether it is the address, or its local part with digits and signs around it."""
    local = email.partition("@")[0]
    return folded == email or folded.strip(_ADDED) in {local, local.strip(_ADDED)} - {""}
