"""Checks on text that ends in a mail's header."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from shared.addresses import ADDRESS_MOST, is_plain

LINE_BREAK_MESSAGE = "This must be a single line, without control characters."

_BREAKS = re.compile("[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")


def has_line_break(text: str) -> bool:
    """Return whether text holds what some mail software takes for a line's end, or another control character.

    Besides CR and LF: VT, FF, FS to US, NEL and U+2028, U+2029, at which Python's `str.splitlines` breaks.
    """
    return _BREAKS.search(text) is not None


def is_email(text: str) -> bool:
    """Return whether text is one email address, by its syntax alone: no name is looked up."""
    return is_plain(text) or (len(text) <= ADDRESS_MOST and _is_any_email(text))


def _is_any_email(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True
