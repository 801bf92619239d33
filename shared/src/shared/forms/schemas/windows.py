"""Reads lengths of time: `10m`, in which equal submissions count once; `180 days`, for which submissions are kept."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from marshmallow import ValidationError

from shared.forms.schemas.texts import Text

LONGEST = timedelta(days=1)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SYNTAX = re.compile(r"([1-9][0-9]{0,5})([smhd])")


class Window(Text):
    """A length of time, a day at most."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **options)
        found = _SYNTAX.fullmatch(text)
        window = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
        if not timedelta() < window <= LONGEST:
            raise ValidationError("expected a number and s, m, h or d, such as 10m, and a day at most")
        return window


KEPT_DAYS_MOST = 36_500

_KEPT = re.compile(r"([1-9][0-9]{0,5}) ?(d|day|days|w|week|weeks)")


def kept_for(text: str) -> timedelta:
    """Return how long something is kept: whole days or weeks. Raises ValueError with what is wrong."""
    found = _KEPT.fullmatch(text)
    if found is None:
        uneven = "; months and years differ in length, so write them as days" if re.search("month|year", text) else ""
        raise ValueError(f"expected a number of days or weeks, such as 180 days{uneven}")
    days = int(found[1]) * (7 if found[2].startswith("w") else 1)
    if days > KEPT_DAYS_MOST:
        raise ValueError(f"expected {KEPT_DAYS_MOST} days at most")
    return timedelta(days=days)


class KeptFor(Text):
    """How long something is kept, as `kept_for` reads it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **options)
        try:
            return kept_for(text)
        except ValueError as error:
            raise ValidationError(str(error)) from error
