"""What may stand in the file: a marshmallow schema for each table."""

from __future__ import annotations

import re
from typing import Any, get_args

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from shared.forms.definitions import NAME, ConfirmationMail, Dialect, FieldType


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
    active = fields.Boolean(truthy={True}, falsy={False})
    dialect = fields.String(validate=validate.OneOf(get_args(Dialect)))
    access_key = fields.String(validate=validate.Length(min=1, max=200))
    confirmation = fields.Nested(_ConfirmationSchema)

    @validates_schema(skip_on_field_errors=False)
    def _honeypot_is_no_field(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("honeypot") in data.get("fields", {}):
            raise ValidationError("a field of the form cannot be its trap: whoever fills it in is spam", "honeypot")

    @validates_schema(skip_on_field_errors=False)
    def _access_key_where_it_is_said(self, data: dict[str, Any], **_: Any) -> None:
        if "access_key" in data and data.get("dialect") != "web3forms":
            raise ValidationError('only pages of dialect = "web3forms" say an access key', "access_key")

    @post_load
    def _as_tuple(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "allowed_origins" in data:
            data["allowed_origins"] = tuple(data["allowed_origins"])
        return data


class FileSchema(Schema):
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
