"""Cleans and checks email addresses, and what else stands in a mail's header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from email_validator import EmailNotValidError, validate_email

from gateway.fields.cleaning import Cleaning, table, with_joiners
from shared.mail_addresses import ADDRESS_MOST, is_plain, split

LINE_BREAK_MESSAGE = "This must be a single line, without control characters."

_clean = Cleaning(with_joiners(table(spaces=" ", line_ends=None, dashes="-")))  # a line's end attempts a header


def clean_email(value: Any) -> Any:
    """Return an address without what nobody sees; anything but a text as it is."""
    text = _clean(value)
    if isinstance(text, str) and ("@ " in text or " @" in text):
        return "@".join(part.strip(" ") for part in text.split("@"))
    return text


def is_email(text: str, mail_domains: Sequence[str] = ()) -> bool:
    """Return whether text is one email address, by its syntax alone: no name is looked up.

    A domain that is one of `mail_domains`, or below one, needs no dot, and may end as no public one does.
    """
    return is_plain(text) or (len(text) <= ADDRESS_MOST and _is_any_email(text, mail_domains))


def _is_any_email(text: str, mail_domains: Sequence[str]) -> bool:
    try:
        validate_email(split(text, mail_domains)[0], check_deliverability=False)
    except EmailNotValidError:
        return False
    return True
