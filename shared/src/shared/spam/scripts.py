"""Knows in which scripts a text is written."""

from __future__ import annotations

import re

_RANGES = {
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "cyrillic": "\u0400-\u052f",
    "hebrew": "\u0590-\u05ff",
    "arabic": "\u0600-\u06ff\u0750-\u077f",
    "indic": "\u0900-\u0dff",
    "thai": "\u0e00-\u0e7f",
    "hangul": "\u1100-\u11ff\uac00-\ud7a3",
    "kana": "\u3040-\u30ff",
    "han": "\u3400-\u9fff",
}
SCRIPTS = (*_RANGES, "latin")
_FINDERS = {name: re.compile(f"[{ranges}]") for name, ranges in _RANGES.items()}
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())
_LOOKALIKES = _RANGES["cyrillic"] + _RANGES["greek"]
_MIXED = re.compile(f"[a-zA-Z][{_LOOKALIKES}]|[{_LOOKALIKES}][a-zA-Z]")
_LEAST = 3
"""Letters of a script that make a text one in that script: a single π does not."""


def scripts_of(text: str) -> tuple[list[str], bool]:
    """Return the scripts of a text, the most frequent first, and whether letters of two are within one word."""
    if text.isascii():
        return ["latin"] * (len(text.encode().translate(None, _NO_LETTERS)) >= _LEAST), False
    counts = {name: len(finder.findall(text)) for name, finder in _FINDERS.items()}
    counts["latin"] = len(_LATIN.findall(text))
    found = sorted((name for name, count in counts.items() if count >= _LEAST), key=lambda name: -counts[name])
    return found, _MIXED.search(text) is not None
