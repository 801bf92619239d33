"""Checks the tables of the file with marshmallow schemas."""

from __future__ import annotations

from dataclasses import fields as members_of
from typing import Any, ClassVar, get_args

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from shared.forms.captcha import Captcha
from shared.forms.chats import Chat
from shared.forms.definitions import CHANNELS, NAME, ConfirmationMail, Dialect, Form, RetentionAction, Unknown
from shared.forms.origins import ORIGIN_MOST, check_origin
from shared.forms.owner import Owner, strange_names
from shared.forms.placeholders import names_in
from shared.forms.rates import is_rate
from shared.forms.schemas.confirmation import ConfirmationSchema, kept_unconfirmed, wrong_in_opt_in
from shared.forms.schemas.field import FIELD_NAME, FieldSchema
from shared.forms.schemas.files import built, wrong_in_files
from shared.forms.schemas.routes import Routes, wrong_in_routes
from shared.forms.schemas.sensitive import wrong_in_sensitive
from shared.forms.schemas.switches import Switch
from shared.forms.schemas.tables import Table, Tables
from shared.forms.schemas.texts import Text, WebAddress
from shared.forms.schemas.windows import KeptFor, Window
from shared.forms.webhook import NamedWebhooks
from shared.mail_addresses import DOMAIN

_MAIL_DOMAIN = validate.Regexp(
    rf"(?=.{{1,253}}\Z){DOMAIN.pattern}\Z",
    error="expected the part of an address after the @, such as intranet or corp.local",
)
_LANGUAGE = validate.Regexp(
    r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}\Z",
    error="expected a language's tag, such as en, de or pt-BR",
)
_FORM_NAME = validate.Regexp(rf"{NAME.pattern}\Z", error="a form's name is letters, digits, - and _, 64 at most")


class FormSchema(Table):
    """The table of one form."""

    class Meta(Table.Meta):
        include: ClassVar[dict[str, fields.Field[Any]]] = {
            one.name: fields.Nested(one.metadata["table"]) for one in members_of(Form) if "table" in one.metadata
        }

    title = Text(lines=True, validate=validate.Length(min=1, max=200))
    fields_ = Tables(
        keys=Text(validate=FIELD_NAME),
        values=fields.Nested(FieldSchema),
        data_key="fields",
        attribute="fields",
    )
    allowed_origins = fields.List(Text(most=ORIGIN_MOST, validate=check_origin), validate=validate.Length(max=1000))
    allow_no_origin = Switch()
    text_plain = Switch()
    redirect = WebAddress()
    honeypot = Text(validate=FIELD_NAME)
    active = Switch()
    dialect = Text(validate=validate.OneOf(get_args(Dialect), error="expected one of: {choices}"))
    access_key = Text(validate=validate.Length(min=1, max=200))
    unknown_ = Text(
        validate=validate.OneOf(get_args(Unknown), error="expected one of: {choices}"),
        data_key="unknown",
        attribute="unknown",
    )
    rate_limit = Text(most=100, validate=is_rate)
    deduplicate = Window()
    retention = KeptFor(most=100)
    spam_retention = KeptFor(most=100)
    unconfirmed_retention = KeptFor(most=100)
    retention_action = Text(validate=validate.OneOf(get_args(RetentionAction), error="expected one of: {choices}"))
    mail_domains = fields.List(Text(validate=_MAIL_DOMAIN), validate=validate.Length(max=50))
    language = Text(most=40, validate=_LANGUAGE)
    confirmation = fields.Nested(ConfirmationSchema)
    webhooks = NamedWebhooks()
    routes = Routes()

    @validates_schema(skip_on_field_errors=False)
    def _honeypot_is_no_field(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("honeypot") in data.get("fields", {}):
            raise ValidationError("a field of the form cannot be its trap: whoever fills it in is spam", "honeypot")

    @validates_schema(skip_on_field_errors=False)
    def _access_key_where_it_is_said(self, data: dict[str, Any], **_: Any) -> None:
        if "access_key" in data and data.get("dialect") != "web3forms":
            raise ValidationError('only pages of dialect = "web3forms" say an access key', "access_key")

    @validates_schema(skip_on_field_errors=False)
    def _captcha_is_no_field(self, data: dict[str, Any], **_: Any) -> None:
        captcha = data.get("captcha")
        if isinstance(captcha, Captcha) and captcha.token_field in data.get("fields", {}):
            raise ValidationError(
                f"{captcha.token_field} is the captcha's own field, and cannot be the form's", "captcha"
            )
        if isinstance(captcha, Captcha) and captcha.token_field == data.get("honeypot"):
            raise ValidationError("the captcha's own field cannot be the trap: everybody fills it in", "honeypot")

    @validates_schema(skip_on_field_errors=False)
    def _no_origin_beside_some(self, data: dict[str, Any], **_: Any) -> None:
        if "allow_no_origin" in data and not data.get("allowed_origins"):
            raise ValidationError(
                "a form without allowed_origins takes pages that do not say theirs", "allow_no_origin"
            )

    @validates_schema(skip_on_field_errors=False)
    def _action_of_a_retention(self, data: dict[str, Any], **_: Any) -> None:
        if "retention_action" in data and "retention" not in data:
            raise ValidationError(
                'it says what is done after the time of retention: add one, such as retention = "180 days"',
                "retention_action",
            )

    @validates_schema(skip_on_field_errors=False)
    def _unconfirmed_where_some_are(self, data: dict[str, Any], **_: Any) -> None:
        if wrong := wrong_in_opt_in(data):
            raise ValidationError(wrong, "unconfirmed_retention")

    @validates_schema(skip_on_field_errors=False)
    def _unknown_beside_known(self, data: dict[str, Any], **_: Any) -> None:
        if "unknown" in data and "fields" not in data:
            raise ValidationError("a form without fields keeps whatever comes", "unknown")

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _placeholders_are_fields(self, data: dict[str, Any], original: Any, **_: Any) -> None:
        known, mail = _closed_fields(original), data.get("confirmation")
        if known is None or not isinstance(mail, ConfirmationMail):
            return
        wrong = {
            part: [_no_field(f"{{{name}}}", known) for name in strange]
            for part in ("subject", "text")
            if (strange := [name for name in names_in(getattr(mail, part)) if name not in known])
        }
        if wrong:
            raise ValidationError({"confirmation": wrong})

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _owner_names_fields(self, data: dict[str, Any], original: Any, **_: Any) -> None:
        known, owner = _closed_fields(original), data.get("owner")
        if known is None or not isinstance(owner, Owner):
            return
        wrong = {
            key: [_no_field(f"{{{name}}}" if key == "subject" else name, known) for name in names]
            for key, names in strange_names(owner, known).items()
        }
        if wrong:
            raise ValidationError({"owner": wrong})

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _chats_include_fields(self, data: dict[str, Any], original: Any, **_: Any) -> None:
        known = _closed_fields(original)
        if known is None:
            return
        wrong = {
            table: {"include": [_no_field(name, known) for name in strange]}
            for table, section in data.items()
            if isinstance(section, Chat) and (strange := [name for name in section.include or () if name not in known])
        }
        if wrong:
            raise ValidationError(wrong)

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _routes_name_what_there_is(self, _data: dict[str, Any], original: Any, **_: Any) -> None:
        if wrong := wrong_in_routes(original, _closed_fields(original), CHANNELS):
            raise ValidationError({"route": wrong})

    @validates_schema(skip_on_field_errors=False)
    def _sensitive_fields_stand_nowhere(self, data: dict[str, Any], **_: Any) -> None:
        if wrong := wrong_in_sensitive(data):
            raise ValidationError({"fields": wrong})

    @validates_schema(skip_on_field_errors=False)
    def _files_can_come(self, data: dict[str, Any], **_: Any) -> None:
        wrong: dict[str, Any] = {}
        for (*path, last), reason in wrong_in_files(data):
            at = wrong
            for key in path:
                at = at.setdefault(key, {})
            at[last] = [reason]
        if wrong:
            raise ValidationError(wrong)

    @post_load
    def _as_tuple(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        tuples = {key: tuple(data[key]) for key in ("allowed_origins", "mail_domains") if key in data}
        return built(data) | kept_unconfirmed(data) | tuples


def _closed_fields(definition: Any) -> dict[str, Any] | None:
    """Return the fields of a form's table as they are written, those with an error, too; None where it takes others."""
    known = definition.get("fields") if isinstance(definition, dict) else None
    if not isinstance(known, dict) or definition.get("unknown", "refuse") not in ("refuse", "drop"):
        return None
    return known


def _no_field(name: str, known: dict[str, Any]) -> str:
    return f"{name} is no field of this form; its fields: {', '.join(known) or 'none'}"


class FileSchema(Table):
    """The whole file."""

    forms = Tables(
        required=True,
        keys=Text(validate=_FORM_NAME),
        values=fields.Nested(FormSchema),
        validate=validate.Length(min=1, error="no form is defined"),
        error_messages={"required": "no form is defined: [forms.contact] would begin one"},
    )
