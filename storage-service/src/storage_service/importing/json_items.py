"""Reads records from JSON: one a line, or a document with a list of them, without holding all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

from shared.contracts.strict_json import Unacceptable, parse
from storage_service.importing.found import RECORD_MOST, Found, NotTaken, Unreadable
from storage_service.importing.pieces import Pieces

_CHUNK = 64 * 1024
_LISTS = ("submissions", "data")
"""The members of a document that lead to the list: `{"submissions": […]}`, `{"data": {"submissions": […]}}`."""

_decoder = json.JSONDecoder()


def is_document(text: TextIO) -> bool:
    """Return whether a text, read from its beginning, is one JSON document with a list, and not one object a line."""
    head = text.readline(RECORD_MOST)
    while head and not head.strip():
        head = text.readline(RECORD_MOST)
    try:
        value = json.loads(head)
    except (ValueError, RecursionError):
        return True
    return not isinstance(value, dict) or any(isinstance(value.get(name), list | dict) for name in _LISTS)


def of_lines(text: TextIO) -> Iterator[Found | NotTaken]:
    """Yield the records of a text that has one JSON object a line."""
    pieces = Pieces(text)
    while piece := pieces.next():
        line, is_whole = pieces.line, piece.endswith("\n") or len(piece) < RECORD_MOST
        rest = piece
        while not rest.endswith("\n") and (rest := pieces.next()):
            is_whole = False
        if not is_whole:
            yield NotTaken(line, line, f"more than {RECORD_MOST:,} characters")
        elif piece.strip():
            yield _item(piece, line, line)


def of_document(text: TextIO) -> Iterator[Found | NotTaken]:
    """Yield the records of one document, and then what stands behind the list, where it says that it is complete.

    Raises `Unreadable` where it is none: what is behind such a place is not read.
    """
    source = _Source(text)
    behind = list[str]()
    _enter_list(source, behind)
    if source.peek() == "]":
        source.take("]")
    else:
        yield from _items(source)
    if behind and source.peek() == ",":
        yield from _told_behind(source)


def _enter_list(source: _Source, behind: list[str]) -> None:
    """Go to the first record; `behind` gets what the objects are called that the list stands in."""
    while source.peek() == "{":
        source.take("{")
        while (name := source.name()) not in _LISTS or source.peek() not in ("[", "{"):
            source.value()
            if source.peek() != ",":
                raise Unreadable(f"line {source.line}: no list of submissions up to here")
            source.take(",")
        behind.append(name)
    source.take("[")


def _items(source: _Source) -> Iterator[Found | NotTaken]:
    while True:
        source.peek()
        first = source.line
        written = source.value()
        yield _item(written, first, source.line)
        if source.peek() == "]":
            source.take("]")
            return
        source.take(",")


def _told_behind(source: _Source) -> Iterator[Found]:
    """Yield the members behind the list of an export of our own as a record: it ends by them."""
    told = dict[str, Any]()
    while source.peek() == ",":
        source.take(",")
        name = source.name()
        told[name] = json.loads(source.value())
    if "complete" in told:
        yield Found(source.line, source.line, told)


def _item(written: str, first: int, last: int) -> Found | NotTaken:
    try:
        value = parse(written.encode("utf-8"))
    except Unacceptable as error:
        reason = error.reason.partition(" at line ")[0]
        return NotTaken(first, last, f"{error.place}: {reason}" if error.place else reason)
    except UnicodeEncodeError:
        return NotTaken(first, last, "a lone surrogate is not text")
    if not isinstance(value, dict):
        return NotTaken(first, last, "expected a JSON object")
    return Found(first, last, value)


class _Source:
    """A text that is read a value at a time. `line` is where it is, from 1."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._buffer = ""
        self._at = 0
        self._has_more = True
        self.line = 1

    def peek(self) -> str:
        """Return the next sign that is no space, nothing at the end; it is not passed."""
        while True:
            while self._at < len(self._buffer):
                sign = self._buffer[self._at]
                if sign not in " \t\r\n\ufeff":
                    return sign
                self._pass(self._at + 1)
            if not self._fill():
                return ""

    def take(self, expected: str) -> None:
        """Pass a sign; raises `Unreadable` where another one stands."""
        found = self.peek()
        if found != expected:
            what = "the file ends" if not found else f"there is {found!r}"
            raise Unreadable(f"line {self.line}: no JSON with a list of submissions: {what} where {expected!r} belongs")
        self._pass(self._at + 1)

    def name(self) -> str:
        """Return the name of a member, and pass its colon."""
        if self.peek() != '"':
            raise Unreadable(f"line {self.line}: no JSON with a list of submissions")
        name = str(json.loads(self.value()))
        self.take(":")
        return name

    def value(self) -> str:
        """Return how the next value is written, and pass it."""
        self.peek()
        while True:
            try:
                end = _decoder.raw_decode(self._buffer, self._at)[1]
            except RecursionError:
                raise Unreadable(f"line {self.line}: nested too deeply") from None
            except ValueError as error:
                if not self._may_read_on():
                    raise Unreadable(f"line {self.line}: {_why(error, is_within=self._has_more)}") from None
            else:
                if end < len(self._buffer) or not self._fill():  # 12 may be the beginning of 123
                    written = self._buffer[self._at : end]
                    self._pass(end)
                    return written

    def _may_read_on(self) -> bool:
        return len(self._buffer) - self._at <= RECORD_MOST and self._fill()

    def _pass(self, end: int) -> None:
        self.line += self._buffer.count("\n", self._at, end)
        self._at = end

    def _fill(self) -> bool:
        """Read on, as much again as there is, and say whether there was more."""
        kept = self._buffer[self._at :]
        more = self._text.read(max(_CHUNK, len(kept)))
        self._buffer, self._at, self._has_more = kept + more, 0, bool(more)
        return bool(more)


def _why(error: ValueError, *, is_within: bool) -> str:
    if is_within:
        return f"a record of more than {RECORD_MOST:,} characters, or no JSON: nothing from here on was read"
    what = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too large"
    return f"no JSON ({what}): nothing from here on was read"
