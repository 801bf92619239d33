"""Seals the sensitive fields of a submission, between the check of its fields and its event."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from shared.contracts import JsonValue
from shared.forms import Form
from shared.sealing import Sealer

_PURPOSE = b"counterfoil marks of sealed fields v1"


@dataclass(frozen=True, slots=True)
class Parted:
    """The fields of a submission: those that all may read, and the sensitive ones.

    `marked` are all of them, a mark in place of each sensitive value, to find out whether two submissions are the same.
    """

    fields: Mapping[str, JsonValue] = field(repr=False)
    sensitive: Mapping[str, JsonValue] = field(repr=False)
    marked: Mapping[str, JsonValue] = field(repr=False)


class Sealing:
    """Parts the fields of forms, and seals the sensitive ones.

    A mark is an HMAC with the gateways' `secret`: equal values of a form's field have the same at every gateway, and
    whoever does not know the secret can try no values. Without a sealer nothing may be sensitive.
    """

    def __init__(self, sealer: Sealer | None, secret: str) -> None:
        self._sealer = sealer
        self._key = hmac.digest(secret.encode(), _PURPOSE, "sha256")

    def part(self, form: Form, fields: Mapping[str, JsonValue]) -> Parted:
        """Part the fields of a form, as they were read."""
        names = form.sensitive_fields
        sensitive = {name: fields[name] for name in names if name in fields} if names else {}
        if not sensitive:
            return Parted(fields, {}, fields)
        marks = {name: self._mark(form.name, name, value) for name, value in sensitive.items()}
        return Parted(
            {name: value for name, value in fields.items() if name not in sensitive}, sensitive, {**fields, **marks}
        )

    def seal(self, form: Form, submission_id: UUID, parted: Parted) -> Mapping[str, str]:
        """Return the sensitive values by name, sealed. Raises RuntimeError where there is no sealer."""
        if not parted.sensitive:
            return {}
        if self._sealer is None:
            raise RuntimeError(f"the form {form.name} has sensitive fields, and COUNTERFOIL_SEALING_KEY is not set")
        return self._sealer.seal(form.name, submission_id, parted.sensitive)

    def _mark(self, form: str, name: str, value: JsonValue) -> str:
        text = json.dumps([form, name, value], sort_keys=True).encode()
        return hmac.digest(self._key, text, "sha256").hex()
