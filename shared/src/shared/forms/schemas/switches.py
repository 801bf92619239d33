"""Checks what is true or false in the file."""

from __future__ import annotations

from typing import Any

from marshmallow import fields


class Switch(fields.Boolean):
    """TOML's own `true` or `false`, and nothing that is equal to it: 1 is a number, and "no" is a text."""

    default_error_messages = {"invalid": "expected true or false, without quotes"}  # noqa: RUF012 - as marshmallow has it

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **options)
