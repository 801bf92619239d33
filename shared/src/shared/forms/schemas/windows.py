"""Reads a length of time, such as `30s`, `10m`, `2h` or `1d`, in which equal submissions count once."""

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
