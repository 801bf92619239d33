"""Finds the line of each key in a TOML document, which `tomllib` does not report."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""The keys that lead to a value; a number counts the entries of an array, from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_SCALAR = re.compile(
    r"""
    \"{3} (?: [^\\] | \\. )*? \"{3,5}  # texts of several lines, which may end with two quotes of their own
    | '{3} .*? '{3,5}
    | " (?: [^"\\] | \\. )* "
    | ' [^']* '
    | [^\s,\]}\#] [^,\]}\#\n]*  # numbers, dates, true and false
    """,
    re.DOTALL | re.VERBOSE,
)


def line_of(path: Path, lines: Mapping[Path, int]) -> int:
    """Return the line of a place; where the document does not have it, the line of the table that should."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def lines_of(document: str) -> dict[Path, int]:
    """Return the line of each key, table and array entry, from 1; the document itself, `()`, is at 1.

    The document has to be valid TOML 1.0, as `tomllib` checks it; this function does not check.
    """
    return _Scan(document).lines


class _Scan:
    """One pass over a document, from its first character to its last."""

    def __init__(self, document: str) -> None:
        self._text = document
        self._at = 0
        self._entries: dict[Path, int] = {}
        self._line, self._counted = 1, 0
        self.lines: dict[Path, int] = {(): 1}
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(document):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        self._skip(_BLANK)
        path = self._key(())
        if is_array:
            self._entries[path] = self._entries.get(path, -1) + 1
            path = self._note((*path, self._entries[path]))
        self._skip(_BLANK)
        self._at += 2 if is_array else 1
        return path

    def _pair(self, table: Path) -> None:
        path = self._key(table)
        self._skip(_EQUALS)
        self._value(path)

    def _key(self, table: Path) -> Path:
        """Read a dotted key; a part that names an array of tables means its latest entry, unless it is the last."""
        path = self._note((*table, self._part()))
        while self._skip(_DOT):
            entry = self._entries.get(path)
            path = self._note((*path, self._part()) if entry is None else (*path, entry, self._part()))
        return path

    def _part(self) -> str:
        part = self._skip(_KEY_PART)
        return next(iter(tomllib.loads(f"{part} = 0"))) if part[0] in "\"'" else part

    def _value(self, path: Path) -> None:
        opened = self._text[self._at]
        if opened not in "[{":
            self._skip(_SCALAR)
            return
        self._at += 1
        count = 0
        self._skip(_BLANK)
        while self._text[self._at] not in "]}":
            if opened == "{":
                self._pair(path)
            else:
                self._value(self._note((*path, count)))
            count += 1
            self._skip(_BLANK)
        self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]

    def _note(self, path: Path) -> Path:
        if path not in self.lines:
            self._line += self._text.count("\n", self._counted, self._at)
            self._counted = self._at
            self.lines[path] = self._line
        return path
