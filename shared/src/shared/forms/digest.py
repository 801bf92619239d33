"""Reads when an owner has one mail about all submissions since the last: `hourly`, `daily 08:00 Europe/Berlin`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import ValidationError

from shared.forms.schemas.texts import Text

Every: TypeAlias = Literal["hour", "day", "week"]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

DIGEST_MOST = 120
"""Characters of the text."""

_CLOCK = r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])"
_SYNTAX = re.compile(
    rf"hourly|(?:daily|weekly (?P<day>{'|'.join(DAYS)})) {_CLOCK}(?: (?P<zone>[A-Za-z0-9_+/-]{{1,64}}))?"
)
_EXPECTED = (
    'expected "hourly", "daily 08:00" or "weekly Mon 08:00", and a time zone behind the time where it is not the'
    " owner's: daily 08:00 Europe/Berlin"
)


@dataclass(frozen=True, slots=True)
class Digest:
    """When the mail goes: at each full hour, or each day or week at a time of a zone's clocks.

    `day` counts from Monday, 0. `zone` is a name of the IANA's; None takes that of the owner.
    """

    every: Every
    at: time = time()
    day: int = 0
    zone: str | None = None

    def __str__(self) -> str:
        """Return the text that it is read from."""
        if self.every == "hour":
            return "hourly"
        named = "daily" if self.every == "day" else f"weekly {DAYS[self.day]}"
        return " ".join(filter(None, (named, f"{self.at:%H:%M}", self.zone)))


def parse_digest(text: str) -> Digest:
    """Read one; raises ValueError with what is wrong."""
    found = _SYNTAX.fullmatch(text)
    if found is None:
        raise ValueError(_EXPECTED)
    if text == "hourly":
        return Digest("hour")
    if found["zone"]:
        check_timezone(found["zone"])
    at = time(int(found["hour"]), int(found["minute"]))
    if found["day"]:
        return Digest("week", at, DAYS.index(found["day"]), found["zone"])
    return Digest("day", at, zone=found["zone"])


def check_timezone(name: str) -> None:
    """Raise ValueError unless this machine knows a time zone of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, with some versions of Python
        raise ValueError(
            "no time zone of this name is known on this machine: expected one such as Europe/Berlin"
        ) from None


class DigestText(Text):
    """The text of a digest."""

    def __init__(self) -> None:
        super().__init__(most=DIGEST_MOST)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **options)
        try:
            return parse_digest(text)
        except ValueError as error:
            raise ValidationError(str(error)) from error
