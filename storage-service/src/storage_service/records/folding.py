"""Says when two labels, or two addresses of people, are the same."""

from __future__ import annotations

import unicodedata


def folded_label(label: str) -> str:
    """Return a label as it is compared: in any case, with one space between words, in Unicode's compatible form."""
    return " ".join(_compatible(_compatible(label).casefold()).split())


def folded_address(address: str) -> str:
    """Return a mail address as it is kept and compared: in small letters."""
    return unicodedata.normalize("NFC", address.strip()).lower()


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
