"""Defines the section `webhook` of a form."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from shared.forms.schemas.tables import Table
from shared.forms.schemas.texts import Text

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with

_KEY_BYTES = range(24, 65)
_EXPECTED_SECRET = "expected whsec_ and 24 to 64 random bytes in base64"  # noqa: S105 - says what one looks like
_HOST = re.compile(r"(?!-)[a-z0-9._-]{1,253}|\[[0-9a-f:.]+\]", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where each submission is sent, and the secret that signs it: the secret is given, or a file holds it
    (`shared.forms.secrets`)."""

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    secret_file: str | None = None


def check_secret(secret: str) -> None:
    """Raise ValueError unless it is a secret as Standard Webhooks writes one (symmetric: `whsec_` and base64)."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(_EXPECTED_SECRET) from None
    if not secret.startswith(SECRET_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError(_EXPECTED_SECRET)


def _is_secret(secret: str) -> None:
    try:
        check_secret(secret)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def _is_address(url: str) -> None:
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
        validate=[validate.Length(max=2000), _is_address],
        error_messages={"required": "a webhook needs a url"},
    )
    secret = Text(validate=_is_secret)
    secret_file = Text(validate=validate.Length(1, 1000))
    enabled = fields.Boolean(truthy={True}, falsy={False})

    @validates_schema
    def _one_secret(self, data: dict[str, Any], **_: Any) -> None:
        if len([name for name in ("secret", "secret_file") if name in data]) != 1:
            raise ValidationError("expected secret, or secret_file with the name of a file that holds it")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Webhook | None:
        return Webhook(**data) if data.pop("enabled", True) else None  # one that is switched off is none
