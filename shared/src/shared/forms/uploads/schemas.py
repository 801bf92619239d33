"""Reads what the forms file says of files: the section `files`, and the values that a field of type `file` has too."""

from __future__ import annotations

from typing import Any, get_args

from marshmallow import ValidationError, fields, post_load, validate

from shared.forms.schemas.switches import Switch
from shared.forms.schemas.tables import Table
from shared.forms.schemas.texts import Text
from shared.forms.uploads.kinds import kind_of
from shared.forms.uploads.rules import COUNT_MOST, SIZE_MOST, TOTAL_MOST, WhenAway
from shared.forms.uploads.sizes import parse_size, size_text

_TYPES_MOST = 100


class Size(Text):
    """A size such as `10 MB`, loaded as bytes: `size_most` at most."""

    default_error_messages = {"invalid": 'expected a size in quotes, such as "10 MB"'}  # noqa: RUF012

    def __init__(self, size_most: int, **options: Any) -> None:
        super().__init__(most=40, **options)
        self._size_most = size_most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        try:
            size = parse_size(super()._deserialize(value, attr, data, **options).strip())
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if size > self._size_most:
            raise ValidationError(f"expected {size_text(self._size_most)} at most")
        return size


class Kinds(fields.List[Any]):
    """What stands in `types`, loaded as a tuple."""

    def __init__(self) -> None:
        super().__init__(
            Text(most=100),
            validate=validate.Length(1, _TYPES_MOST, error="expected {min} to {max}; leave it out to take every type"),
            error_messages={"invalid": 'expected a list: types = ["pdf", "image"]'},
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        wrong: dict[int, list[str]] = {}
        found: list[str] = []
        for at, written in enumerate(super()._deserialize(value, attr, data, **options)):
            try:
                found.append(kind_of(str(written)))
            except ValueError as error:
                wrong[at] = [str(error)]
        if wrong:
            raise ValidationError(wrong)
        return tuple(dict.fromkeys(found))


def count() -> fields.Integer:
    """Return the field of a number of files."""
    error = "expected a whole number from {min} to {max}"
    return fields.Integer(strict=True, validate=validate.Range(1, COUNT_MOST, error=error))


class FilesSchema(Table):
    """The section `files` of a form."""

    max_size = Size(SIZE_MOST)
    max_total = Size(TOTAL_MOST)
    max_count = count()
    types = Kinds()
    keep_metadata = Switch()
    when_away = Text(validate=validate.OneOf(get_args(WhenAway), error="expected one of: {choices}"))
    undeclared = Switch()

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Written:
        return Written(data)


class Written(dict[str, Any]):
    """What the section says: what it leaves out follows from the form's fields."""
