"""Defines a webhook, as the services use it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

WebhookEvent: TypeAlias = Literal["submission.accepted", "submission.released"]

ACCEPTED: WebhookEvent = "submission.accepted"
RELEASED: WebhookEvent = "submission.released"

OWNER = "owner"
"""The name of the webhook of the section `webhook`: no other one may have it."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with

_KEY_BYTES = range(24, 65)
_EXPECTED_SECRET = "expected whsec_ and 24 to 64 random bytes in base64"  # noqa: S105 - says what one looks like


@dataclass(frozen=True, slots=True)
class Header:
    """A header of the owner's own: its value is given, or a file holds it (`shared.forms.secrets`)."""

    name: str
    value: str | None = field(default=None, repr=False)
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where submissions are sent, and the secret that signs them: the secret is given, or a file holds it
    (`shared.forms.secrets`).

    `name` tells it from the form's others, whatever its address is by now. `events` are those that it is told of.
    """

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    secret_file: str | None = None
    name: str = OWNER
    events: tuple[WebhookEvent, ...] = (ACCEPTED,)
    headers: tuple[Header, ...] = ()


def check_secret(secret: str) -> None:
    """Raise ValueError unless it is a secret as Standard Webhooks writes one (symmetric: `whsec_` and base64)."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(_EXPECTED_SECRET) from None
    if not secret.startswith(SECRET_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError(_EXPECTED_SECRET)
