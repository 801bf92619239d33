"""Defines the section `webhook` of a form, and its list `webhooks`."""

from __future__ import annotations

import re
from typing import Any, get_args
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from shared.forms.schemas.switches import Switch
from shared.forms.schemas.tables import Table
from shared.forms.schemas.texts import Text
from shared.forms.webhook.definitions import OWNER, Webhook, WebhookEvent, check_secret
from shared.forms.webhook.headers import Headers

WEBHOOKS_MOST = 10

_HOST = re.compile(r"(?!-)[a-z0-9._-]{1,253}|\[[0-9a-f:.]+\]", re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)


def _is_secret(secret: str) -> None:
    try:
        check_secret(secret)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def _is_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValidationError("a webhook's name is letters, digits, - and _, 40 at most")
    if name.lower() == OWNER:
        raise ValidationError("this is the name of the webhook of the section webhook: choose another")


def is_address(url: str) -> None:
    """Raise `ValidationError` unless it is a web address that may be called."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValidationError("expected a host after https://, an IPv6 address in [ and ]") from None
    try:
        has_place = bool(_HOST.fullmatch(parts.netloc.removesuffix(f":{parts.port}"))) and parts.port != 0
    except ValueError:  # the port is no number, or above 65535
        has_place = False
    if not url.isascii() or not url.isprintable() or " " in url or parts.scheme not in {"https", "http"}:
        raise ValidationError("expected a web address that begins with https:// or http://, in ASCII")
    if "@" in parts.netloc:
        raise ValidationError("a user and a password in the address are not sent: what is sent is signed")
    if not has_place:
        raise ValidationError("expected a host after https://, and a port from 1 to 65535 if any")
    if parts.fragment:
        raise ValidationError("what follows # is never sent: leave it out")


class WebhookSchema(Table):
    """The section `webhook` of a form."""

    url = Text(
        required=True,
        validate=[validate.Length(max=2000), is_address],
        error_messages={"required": "a webhook needs a url"},
    )
    secret = Text(validate=_is_secret)
    secret_file = Text(validate=validate.Length(1, 1000))
    enabled = Switch()

    @validates_schema
    def _one_secret(self, data: dict[str, Any], **_: Any) -> None:
        if len([name for name in ("secret", "secret_file") if name in data]) != 1:
            raise ValidationError("expected secret, or secret_file with the name of a file that holds it")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Webhook | None:
        return Webhook(**data) if data.pop("enabled", True) else None  # one that is switched off is none


class _NamedWebhookSchema(WebhookSchema):
    """One of the list `webhooks`."""

    name = Text(required=True, validate=_is_name, error_messages={"required": "a webhook of this list needs a name"})
    events = fields.List(
        Text(validate=validate.OneOf(get_args(WebhookEvent), error="expected {choices}")),
        validate=validate.Length(min=1, max=len(get_args(WebhookEvent))),
    )
    headers = Headers()

    @post_load
    def _build(self, data: dict[str, Any], **options: Any) -> Webhook | None:
        if "events" in data:
            data["events"] = tuple(dict.fromkeys(data["events"]))
        built: Webhook | None = super()._build(data, **options)
        return built


class NamedWebhooks(fields.List[Any]):
    """The list `webhooks`, as a tuple of those that are switched on. No two have one name, switched off or on."""

    default_error_messages = {"invalid": "expected [[forms.….webhooks]], once for each webhook"}  # noqa: RUF012 - as marshmallow has it

    def __init__(self) -> None:
        super().__init__(fields.Nested(_NamedWebhookSchema))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, list) and len(value) > WEBHOOKS_MOST:
            raise ValidationError(f"expected {WEBHOOKS_MOST} webhooks at most, not {len(value)}")
        loaded, wrong = list[Webhook | None](), dict[int, dict[str, list[str]]]()
        try:
            loaded = super()._deserialize(value, attr, data, **options)
        except ValidationError as error:
            if not isinstance(error.messages, dict):
                raise
            wrong = error.messages
        for at in _doubled(value):
            wrong.setdefault(at, {}).setdefault("name", []).append("another webhook of this form has this name")
        if wrong:
            raise ValidationError(wrong)
        return tuple(one for one in loaded if one is not None)


def _doubled(written: list[Any]) -> list[int]:
    """Return the places of those that have a name which one before has: its case makes no difference to people."""
    names = [str(one.get("name")).lower() if isinstance(one, dict) and "name" in one else None for one in written]
    return [at for at, name in enumerate(names) if name is not None and name in names[:at]]
