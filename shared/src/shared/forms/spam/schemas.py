"""Checks the section `spam` of a form."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

from marshmallow import ValidationError, fields, post_load, validate

from shared.forms.schemas.tables import Table
from shared.forms.schemas.texts import Text
from shared.forms.spam.entries import ENTRY_MOST, address_of, host_of, networks_entry, word_of
from shared.forms.spam.rules import (
    ENTRIES_MOST,
    LINKS_MOST,
    THRESHOLD_LEAST,
    THRESHOLD_MOST,
    TIME_MOST,
    Mode,
    SpamRules,
)

_TIME = re.compile(r"([1-9][0-9]{0,3}) ?(s|m|second|seconds|minute|minutes)")


class Entries(fields.List[Any]):
    """A list of texts, loaded as a tuple of what `read` makes of each, every one once. It is counted before."""

    def __init__(self, read: Callable[[str], Any], example: str) -> None:
        super().__init__(Text(most=ENTRY_MOST), error_messages={"invalid": f"expected a list: [{example}]"})
        self._read = read

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, list) and len(value) > ENTRIES_MOST:
            raise ValidationError(f"expected {ENTRIES_MOST} entries at most, not {len(value)}")
        wrong: dict[int, list[str]] = {}
        found: list[Any] = []
        for at, written in enumerate(super()._deserialize(value, attr, data, **options)):
            try:
                found.append(self._read(str(written)))
            except ValueError as error:
                wrong[at] = [str(error)]
        if wrong:
            raise ValidationError(wrong)
        return tuple(dict.fromkeys(found))


class ShortTime(Text):
    """A length of time such as `3 s`."""

    default_error_messages = {"invalid": 'expected a time in quotes, such as "3 s"'}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        found = _TIME.fullmatch(super()._deserialize(value, attr, data, **options).strip())
        time = timedelta(**{"seconds" if found[2].startswith("s") else "minutes": int(found[1])}) if found else None
        if time is None or time > TIME_MOST:
            raise ValidationError("expected a number and s or m, such as 3 s, and an hour at most")
        return time


def _whole(least: int, most: int) -> fields.Integer:
    error = "expected a whole number from {min} to {max}"
    return fields.Integer(
        strict=True, validate=validate.Range(least, most, error=error), error_messages={"invalid": "expected a number"}
    )


class SpamSchema(Table):
    """The section `spam` of a form."""

    mode = Text(validate=validate.OneOf(get_args(Mode), error="expected one of: {choices}"))
    threshold = _whole(THRESHOLD_LEAST, THRESHOLD_MOST)
    links = _whole(0, LINKS_MOST)
    min_time = ShortTime(most=40)
    deny_words = Entries(word_of, '"casino", "buy now"')
    deny_hosts = Entries(host_of, '"casino.example"')
    deny_addresses = Entries(address_of, '"ada@example.org", "@example.org"')
    deny_networks = Entries(networks_entry, '"192.0.2.0/24"')
    allow_addresses = Entries(address_of, '"ada@example.org", "@example.org"')
    allow_networks = Entries(networks_entry, '"192.0.2.0/24"')

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> SpamRules:
        return SpamRules(**data)
