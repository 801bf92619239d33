"""Form definitions: one TOML file, loaded and checked once, every error reported with its place.

The file is given to the gateway, which accepts by it, and to the notify service, which confirms by it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast, get_args

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

FieldType: TypeAlias = Literal["text", "email", "number", "integer", "boolean", "date", "url", "tel", "choice", "list"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What a form may be called: it stands in addresses."""


class FormsError(Exception):
    """The form definitions are wrong; the text names each place and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `max_length` counts characters; `choices` belongs to `choice` and `list`."""

    name: str
    type: FieldType
    required: bool = False
    max_length: int = 5000
    label: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmationMail:
    """The mail to the submitter. `subject` and the bodies are templates: `{name}` stands for the field `name`."""

    enabled: bool = True
    subject: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """One form. `fields` is None where it takes any fields; `redirect` is where a browser goes after a 202."""

    name: str
    title: str
    fields: Mapping[str, Field] | None = None
    allowed_origins: tuple[str, ...] = ()
    redirect: str | None = None
    honeypot: str | None = None
    confirmation: ConfirmationMail = field(default_factory=ConfirmationMail)


Forms: TypeAlias = Mapping[str, Form]


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
        loaded = cast("dict[str, Any]", _FileSchema().load(document))
    except ValidationError as error:
        places = "\n".join(f"  - {place}: {text}" for place, text in _flattened(error.messages))
        raise FormsError(f"{path}: these definitions are wrong:\n{places}") from error
    return MappingProxyType({name: _form(name, definition) for name, definition in loaded["forms"].items()})


def _form(name: str, definition: dict[str, Any]) -> Form:
    title = definition.pop("title", None) or name.replace("-", " ").replace("_", " ").capitalize()
    specified = definition.pop("fields", None)
    known = None if specified is None else {key: Field(name=key, **value) for key, value in specified.items()}
    return Form(name=name, title=title, fields=known, **definition)


class _FieldSchema(Schema):
    class Meta:
        unknown = RAISE

    type = fields.String(required=True, validate=validate.OneOf(get_args(FieldType)))
    required = fields.Boolean()
    max_length = fields.Integer(strict=True, validate=validate.Range(min=1, max=1_000_000))
    label = fields.String(validate=validate.Length(max=200))
    choices = fields.List(fields.String(validate=validate.Length(min=1)), validate=validate.Length(min=1))

    @validates_schema(skip_on_field_errors=False)
    def _choices_where_they_belong(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("type") == "choice" and not data.get("choices"):
            raise ValidationError("a choice needs its choices", "choices")
        if "choices" in data and data.get("type") not in {"choice", "list"}:
            raise ValidationError("only a choice or a list has choices", "choices")

    @post_load
    def _as_tuple(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "choices" in data:
            data["choices"] = tuple(data["choices"])
        return data


class _ConfirmationSchema(Schema):
    class Meta:
        unknown = RAISE

    enabled = fields.Boolean()
    subject = fields.String(validate=[validate.Length(max=300), validate.Regexp(r"[^\r\n]*\Z", error="one line only")])
    text = fields.String(validate=validate.Length(max=20_000))

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> ConfirmationMail:
        return ConfirmationMail(**data)


def _origin(value: str) -> None:
    if not re.fullmatch(r"https?://[^/?#\s]+|\*", value):
        raise ValidationError(f"{value!r} is no origin: expected https://host, without a path")


class _FormSchema(Schema):
    class Meta:
        unknown = RAISE

    title = fields.String(validate=validate.Length(min=1, max=200))
    fields_ = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"[^_\W][\w .-]{0,99}\Z", error="no usable field name")),
        values=fields.Nested(_FieldSchema),
        data_key="fields",
        attribute="fields",
    )
    allowed_origins = fields.List(fields.String(validate=_origin))
    redirect = fields.URL(schemes={"http", "https"}, require_tld=False)
    honeypot = fields.String(validate=validate.Regexp(r"[^_\W][\w .-]{0,99}\Z", error="no usable field name"))
    confirmation = fields.Nested(_ConfirmationSchema)

    @validates_schema(skip_on_field_errors=False)
    def _honeypot_is_no_field(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("honeypot") in data.get("fields", {}):
            raise ValidationError("a field of the form cannot be its trap: whoever fills it in is dropped", "honeypot")

    @post_load
    def _as_tuple(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "allowed_origins" in data:
            data["allowed_origins"] = tuple(data["allowed_origins"])
        return data


class _FileSchema(Schema):
    class Meta:
        unknown = RAISE

    forms = fields.Dict(
        required=True,
        keys=fields.String(
            validate=validate.Regexp(
                rf"{NAME.pattern}\Z", error="a form's name is letters, digits, - and _, 64 at most"
            )
        ),
        values=fields.Nested(_FormSchema),
        validate=validate.Length(min=1, error="no form is defined"),
    )


def _flattened(messages: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Turn marshmallow's nested messages into (place, text) pairs such as `forms.contact.fields.age.type`."""
    if not isinstance(messages, dict):
        for text in messages if isinstance(messages, list) else [messages]:
            yield place, str(text)
        return
    for key, inner in messages.items():
        transparent = key in {"value", "key", "_schema"}
        yield from _flattened(inner, place if transparent else f"{place}.{key}" if place else str(key))
