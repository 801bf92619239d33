"""Decides, for all services alike, which text is accepted, stored and shown.

| text                                     | stored | in one line, as a subject   | in a mail's body      |
| ---------------------------------------- | ------ | --------------------------- | --------------------- |
| NUL, half of a surrogate pair            | no     | no                          | U+FFFD                |
| CR, LF                                   | yes    | no: a line is not typed so  | a line's end          |
| VT, FF                                   | yes    | a space                     | a line's end          |
| FS, GS, RS, US                           | yes    | a space                     | U+FFFD                |
| U+2028, U+2029                           | yes    | a space                     | as it is              |
| U+0080 to U+009F                         | yes    | as Windows-1252 has it      | as Windows-1252 has it |
| other control characters but tab         | yes    | left out                    | U+FFFD                |
| U+FEFF, the byte order mark              | yes    | left out                    | as it is              |
| all else                                 | yes    | as it is                    | as it is              |

Nobody types U+0080 to U+009F. They appear when text in Windows-1252 is read as ISO-8859-1, and HTML reads them as
Windows-1252 where they are written as numbers (HTML, 13.2.5.80).
"""

from __future__ import annotations

import re

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CONTROLS = (*range(9), *range(14, 28), 127)
_LIKE_LINE_ENDS = (11, 12, *range(28, 32), 0x2028, 0x2029)
_WINDOWS = {code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0)}
_HALF_PAIRS = range(0xD800, 0xE000)

_IN_LINE = {**dict.fromkeys(_LIKE_LINE_ENDS, " "), **dict.fromkeys((*_CONTROLS[1:], 0xFEFF), ""), **_WINDOWS}
_SHOWN = {
    **dict.fromkeys((*_CONTROLS, *range(28, 32), *_HALF_PAIRS), _REPLACEMENT),
    **dict.fromkeys((11, 12), "\n"),
    **_WINDOWS,
}

REORDERING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""For `str.translate`: takes out embeddings, overrides and isolates. What one value opens would turn round what stands
behind it."""

_ODD_IN_LINE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_NO_LINE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def flaw_of(text: str) -> str | None:
    """Return why a text cannot be stored, without showing any of it; None where it can be."""
    if "\x00" in text:
        return "a NUL character (U+0000) cannot be stored"
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            return "a lone surrogate is not text"
    return None


def is_line(text: str) -> bool:
    """Return whether a text is one line for every reader, with no control character but tab."""
    return _NO_LINE.search(text) is None


def as_line(text: str) -> str:
    """Return a text as it stands in one line: a line unless CR, LF, NUL or half of a surrogate pair are in it."""
    return text.translate(_IN_LINE) if _ODD_IN_LINE.search(text) else text


def as_shown(text: str) -> str:
    """Return a text for a mail's body: lines end with line feeds, and no character controls a terminal."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_SHOWN)


def one_line(text: str) -> str:
    """Return a text as one line, without what would turn round the rest of it."""
    return " ".join(as_line(" ".join(text.split())).translate(REORDERING).split())
