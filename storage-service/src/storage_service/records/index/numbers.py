"""Writes numbers as texts that sort as the numbers do, on every database and however long they are."""

from __future__ import annotations

from decimal import Decimal

_DIGITS_MOST = 60
"""Digits that are kept. A number in a query has 40 at most."""

_MIDDLE = 500_000
_COMPLEMENT = str.maketrans("0123456789", "9876543210")


def sortable(number: Decimal) -> str:
    """Return the text of a finite number: equal for equal ones, and by bytes in the order of the numbers.

    Of what has more than 60 digits it says that it is more than these: it is never equal to a number with fewer.
    """
    sign, parts, exponent = number.as_tuple()
    digits = "".join(map(str, parts)).lstrip("0")
    if not digits:
        return "5"
    power = len(digits) + int(exponent) + _MIDDLE
    digits = digits.rstrip("0")
    more = "1" if len(digits) > _DIGITS_MOST else ""
    text = f"{min(max(power, 0), 999_999):06d}{digits[:_DIGITS_MOST]}{more}"
    return f"4{text.translate(_COMPLEMENT)}~" if sign else f"6{text}"
