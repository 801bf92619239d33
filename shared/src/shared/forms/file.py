"""Reading the definitions from their file, every error with its place."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from marshmallow import ValidationError

from shared.forms.definitions import Field, Form, Forms, FormsError
from shared.forms.schema import FileSchema


def load(path: Path) -> Forms:
    """Read the forms from a TOML file, by name, in the file's order; raises `FormsError` with every error."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FormsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FormsError(f"{path}: not UTF-8 at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise FormsError(f"{path}: not TOML: {error}") from error
    try:
        loaded = cast("dict[str, Any]", FileSchema().load(document))
    except ValidationError as error:
        places = "\n".join(f"  - {place}: {text}" for place, text in _flattened(error.messages))
        raise FormsError(f"{path}: these definitions are wrong:\n{places}") from error
    return MappingProxyType({name: _form(name, definition) for name, definition in loaded["forms"].items()})


def _form(name: str, definition: dict[str, Any]) -> Form:
    title = definition.pop("title", None) or name.replace("-", " ").replace("_", " ").capitalize()
    specified = definition.pop("fields", None)
    known = None if specified is None else {key: Field(name=key, **value) for key, value in specified.items()}
    return Form(name=name, title=title, fields=known, **definition)


def _flattened(messages: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Turn marshmallow's nested messages into (place, text) pairs such as `forms.contact.fields.age.type`."""
    if not isinstance(messages, dict):
        for text in messages if isinstance(messages, list) else [messages]:
            yield place, str(text)
        return
    for key, inner in messages.items():
        transparent = key in {"value", "key", "_schema"}
        yield from _flattened(inner, place if transparent else f"{place}.{key}" if place else str(key))
