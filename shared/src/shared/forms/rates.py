"""Reads a rate limit, such as `30/minute` or `none`: how often one address may submit to one form."""

from __future__ import annotations

from functools import lru_cache

from limits import RateLimitItem, parse_many
from marshmallow import ValidationError

EXPECTED = "expected a number and a period, such as 30/minute or 200/hour, or none"


@lru_cache(maxsize=1024)
def parse_rate(text: str) -> RateLimitItem | None:
    """Return what the text allows, None where it is `none`; raises ValueError."""
    if text == "none":
        return None
    try:
        rates = parse_many(text)
    except ValueError:
        raise ValueError(EXPECTED) from None
    if len(rates) != 1 or rates[0].amount < 1:
        raise ValueError(EXPECTED)
    return rates[0]


def is_rate(text: str) -> None:
    """Raise `ValidationError` unless `parse_rate` reads it."""
    try:
        parse_rate(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error
