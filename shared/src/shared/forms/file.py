"""Reads the definitions from their file, and reports every error with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from marshmallow import ValidationError

from shared.forms import positions
from shared.forms.definitions import Field, Form, Forms, FormsError
from shared.forms.labels import label_from
from shared.forms.schemas.form import FileSchema

_AT_LINE = re.compile(r" \(at line ([0-9]+), column ([0-9]+)\)")
_DIGITS = re.compile(r"[0-9_]{4000,}")
_PART_MOST = 200
_NO_KEY = "nothing seals it: COUNTERFOIL_SEALING_KEY is not set (docs/operations.md, Sealed fields)"
_NO_STORE = "nothing keeps files: COUNTERFOIL_FILES_URL is not set (docs/files.md)"
_AT_END = " (at end of document)"
_TWICE = ": it stands twice in the file; a section of which there may be several has two brackets, [[…]], each time"


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


def file_at(path: Path) -> Path:
    """Return the file that a setting names: itself, or `forms.toml` in the folder that it is."""
    return path / "forms.toml" if path.is_dir() else path


def parse(content: bytes, path: Path, *, can_seal: bool = True, can_keep_files: bool = True) -> Forms:
    """Return the forms that the content of the file at `path` defines; raises as `load` does.

    Unless who reads it `can_seal`, a sensitive field is an error; unless they `can_keep_files`, a form that takes some.
    """
    text = text_of(content, path)
    try:
        loaded = cast("dict[str, Any]", FileSchema().load(document_of(text, path)))
    except ValidationError as error:
        raise FormsError("\n".join(in_order(path, text, _flattened(error.messages)))) from error
    forms = MappingProxyType({name: _form(name, definition) for name, definition in loaded["forms"].items()})
    wrong = [*([] if can_seal else _not_sealed(forms)), *([] if can_keep_files else _not_kept(forms))]
    if wrong:
        raise FormsError("\n".join(in_order(path, text, wrong)))
    return forms


def _not_sealed(forms: Forms) -> Iterator[tuple[positions.Path, str]]:
    for form in forms.values():
        for name in form.sensitive_fields:
            yield ("forms", form.name, "fields", name, "sensitive"), _NO_KEY


def _not_kept(forms: Forms) -> Iterator[tuple[positions.Path, str]]:
    for form in forms.values():
        wanting = [name for name, one in (form.fields or {}).items() if one.file]
        for name in wanting:
            yield ("forms", form.name, "fields", name, "type"), _NO_STORE
        if form.takes_files and not wanting:
            yield ("forms", form.name, "files"), _NO_STORE


def document_of(text: str, path: Path) -> dict[str, Any]:
    """Return what the text says as TOML; raises `FormsError` where it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FormsError(_syntax_error(path, text, str(error))) from error
    except ValueError as error:  # Python takes thousands of digits for an attack
        line = text.count("\n", 0, found.start()) + 1 if (found := _DIGITS.search(text)) else 1
        raise FormsError(f"{path}:{line}: a number of too many digits") from error
    except RecursionError as error:
        raise FormsError(f"{path}:1: nested too deeply") from error


def text_of(content: bytes, path: Path) -> str:
    """Return the content as text with plain line ends; raises `FormsError` where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FormsError(f"{path}:{line}: not UTF-8: save the file as UTF-8") from error


def in_order(path: Path, text: str, found: Iterable[tuple[positions.Path, str]], *, kind: str = "") -> list[str]:
    """Return findings about a valid TOML text as lines of `path:line: place: what`, in the order of the text."""
    lines = positions.lines_of(text)
    placed = sorted(((positions.line_of(place, lines), place, what) for place, what in found), key=lambda one: one[0])
    return [f"{path}:{line}: {kind}{'.'.join(map(_shown, place))}: {what}" for line, place, what in placed]


def _shown(part: str | int) -> str:
    """Return one key of a place, safe to print: a key can be any text."""
    text = str(part)
    return text if text.isprintable() and len(text) <= _PART_MOST else repr(text[:_PART_MOST])


def _syntax_error(path: Path, text: str, message: str) -> str:
    """Return tomllib's message in our order; Python 3.11 has the line in the message alone."""
    found = _AT_LINE.search(message)
    line = int(found[1]) if found else text.rstrip("\n").count("\n") + 1
    column = f", at column {found[2]}" if found else ", at the end"
    hint = _TWICE if message.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate")) else ""
    return f"{path}:{line}: not TOML: {_AT_LINE.sub('', message).removesuffix(_AT_END)}{column}{hint}"


def _form(name: str, definition: dict[str, Any]) -> Form:
    title = definition.pop("title", None) or label_from(name.replace("-", " "))
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
