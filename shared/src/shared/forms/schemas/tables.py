"""Refuses unknown keys in every table of the file, and names the known ones."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields


class Table(Schema):
    """A table with known keys."""

    class Meta:
        unknown = RAISE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        keys = ", ".join(field.data_key or name for name, field in self.fields.items())
        self.error_messages = {
            **self.error_messages,
            "unknown": f"there is no such key; there are: {keys}",
            "type": "expected a table",
        }


class Tables(fields.Dict):
    """Tables by name. An error is reported at the table's own place, whether it is in the name or in the table."""

    default_error_messages = {"invalid": "expected tables, each with its name"}  # noqa: RUF012 - as marshmallow has it

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **options)  # type: ignore[no-untyped-call]
        except ValidationError as error:
            if not isinstance(error.messages, dict):
                raise
            wrong = {name: _at_name(messages) for name, messages in error.messages.items()}
            raise ValidationError(wrong, valid_data=error.valid_data) from error


def _at_name(wrong: dict[str, Any]) -> Any:
    """Return one table's errors without marshmallow's distinction between `key` and `value`."""
    in_name, in_table = wrong.get("key", []), wrong.get("value", [])
    return [*in_name, *in_table] if isinstance(in_table, list) else {"_schema": in_name, **in_table}
