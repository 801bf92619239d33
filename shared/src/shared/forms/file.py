"""Reading the definitions from their file, every error with its line and its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from marshmallow import ValidationError

from shared.forms import positions
from shared.forms.definitions import Field, Form, Forms, FormsError
from shared.forms.schema import FileSchema

_AT_LINE = re.compile(r" \(at line ([0-9]+), column ([0-9]+)\)")
_DIGITS = re.compile(r"[0-9_]{4000,}")
_AT_END = " (at end of document)"


def load(path: Path) -> Forms:
    """Read the forms from a TOML file, by name, in the file's order.

    Raises `FormsError` with every error, in lines of `path:line: place: what is wrong`.
    """
    return parse(read(path), path)


def read(path: Path) -> bytes:
    """Return what the file holds; raises `FormsError` where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormsError(f"{path}: cannot be read: {error.strerror}") from error


def parse(content: bytes, path: Path) -> Forms:
    """Return the forms that the content of the file at `path` defines; raises as `load` does."""
    text = _text_of(content, path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FormsError(_syntax_error(path, text, str(error))) from error
    except ValueError as error:  # Python takes thousands of digits for an attack
        line = text.count("\n", 0, found.start()) + 1 if (found := _DIGITS.search(text)) else 1
        raise FormsError(f"{path}:{line}: a number of too many digits") from error
    except RecursionError as error:
        raise FormsError(f"{path}:1: nested too deeply") from error
    try:
        loaded = cast("dict[str, Any]", FileSchema().load(document))
    except ValidationError as error:
        raise FormsError(_all_errors(path, text, error.messages)) from error
    return MappingProxyType({name: _form(name, definition) for name, definition in loaded["forms"].items()})


def _text_of(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FormsError(f"{path}:{line}: not UTF-8: save the file as UTF-8") from error


def _syntax_error(path: Path, text: str, message: str) -> str:
    """Return tomllib's message in our order; Python 3.11 has the line in the message alone."""
    found = _AT_LINE.search(message)
    line = int(found[1]) if found else text.rstrip("\n").count("\n") + 1
    column = f", at column {found[2]}" if found else ", at the end"
    return f"{path}:{line}: not TOML: {_AT_LINE.sub('', message).removesuffix(_AT_END)}{column}"


def _all_errors(path: Path, text: str, messages: Any) -> str:
    lines = positions.lines_of(text)
    found = [(positions.line_of(place, lines), place, wrong) for place, wrong in _flattened(messages)]
    ordered = sorted(found, key=lambda one: one[0])
    return "\n".join(f"{path}:{line}: {'.'.join(map(str, place))}: {wrong}" for line, place, wrong in ordered)


def _form(name: str, definition: dict[str, Any]) -> Form:
    title = definition.pop("title", None) or name.replace("-", " ").replace("_", " ").capitalize()
    specified = definition.pop("fields", None)
    known = None if specified is None else {key: Field(name=key, **value) for key, value in specified.items()}
    return Form(name=name, title=title, fields=known, **definition)


def _flattened(messages: Any, place: positions.Path = ()) -> Iterator[tuple[positions.Path, str]]:
    """Turn marshmallow's nested messages into pairs of a place and what is wrong there."""
    if not isinstance(messages, dict):
        for text in messages if isinstance(messages, list) else [messages]:
            yield place, str(text).rstrip(".")
        return
    for key, inner in messages.items():
        yield from _flattened(inner, place if key == "_schema" else (*place, key))
