"""Defines the section `captcha` of a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from shared.forms.schemas.tables import Table
from shared.forms.schemas.texts import Text, WebAddress

Provider: TypeAlias = Literal["turnstile", "hcaptcha", "recaptcha", "altcha"]
WhenAway: TypeAlias = Literal["accept", "refuse"]

TOKEN_FIELDS: Mapping[Provider, str] = MappingProxyType(
    {
        "turnstile": "cf-turnstile-response",
        "hcaptcha": "h-captcha-response",
        "recaptcha": "g-recaptcha-response",
        "altcha": "altcha",
    }
)
"""The field in which each provider's widget sends what it was given for the solution."""


@dataclass(frozen=True, slots=True)
class Captcha:
    """Which provider verifies, and what happens when it does not answer.

    The secret is given, or a file holds it (see `secrets.py`); `verify_url` is None for the provider's own. `min_score`
    is reCAPTCHA v3's, from 0 to 1.
    """

    provider: Provider
    secret: str | None = field(default=None, repr=False)
    secret_file: str | None = None
    verify_url: str | None = None
    when_away: WhenAway = "accept"
    min_score: float | None = None

    @property
    def token_field(self) -> str:
        """The field that the provider's widget fills in."""
        return TOKEN_FIELDS[self.provider]

    @property
    def is_local(self) -> bool:
        """Whether the gateway makes the challenges and verifies their solutions itself."""
        return self.provider == "altcha" and self.verify_url is None


class CaptchaSchema(Table):
    """The section `captcha` of a form."""

    provider = Text(required=True, validate=validate.OneOf(get_args(Provider), error="expected {choices}"))
    secret = Text(validate=validate.Length(min=1))
    secret_file = Text(validate=validate.Length(1, 1000))
    verify_url = WebAddress()
    when_away = Text(validate=validate.OneOf(get_args(WhenAway), error="expected {choices}"))
    min_score = fields.Float(validate=validate.Range(0, 1, error="expected 0 to 1"))

    @validates_schema
    def _one_secret(self, data: dict[str, Any], **_: Any) -> None:
        given = [name for name in ("secret", "secret_file") if name in data]
        asks_sentinel = data["provider"] == "altcha" and "verify_url" in data
        if len(given) > 1 or (not given and not asks_sentinel):
            raise ValidationError("expected secret, or secret_file with the name of a file that holds it")

    @validates_schema
    def _score_where_there_is_one(self, data: dict[str, Any], **_: Any) -> None:
        if "min_score" in data and data["provider"] != "recaptcha":
            raise ValidationError("only reCAPTCHA v3 has a score", "min_score")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Captcha:
        return Captcha(**data)
