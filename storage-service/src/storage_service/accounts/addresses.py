"""Reads the mail addresses of accounts, and says when two are the same."""

from __future__ import annotations

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from shared.mail_addresses import ADDRESS_MOST
from shared.text import is_line


class BadAddress(ValueError):
    """No mail address; the text says what is expected, and may be shown."""


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address: as it is `shown`, and `folded`, as addresses are compared: in small letters, its domain in
    Unicode."""

    shown: str
    folded: str


def address_of(text: str) -> Address:
    """Return a mail address; raises `BadAddress`. That of a private network, `ada@intranet`, is one too."""
    text = text.strip() if len(text) <= 2 * ADDRESS_MOST else ""
    if not 0 < len(text) <= ADDRESS_MOST or not is_line(text):
        raise BadAddress("expected a mail address, such as ada@example.org")
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise BadAddress("expected a mail address, such as ada@example.org") from None
    return Address(found.normalized, found.normalized.casefold())


def folded_or_not(text: str) -> str:
    """Return an address as addresses are compared; where it is none, what was written, as far as any may be long."""
    try:
        return address_of(text).folded
    except BadAddress:
        return text[:ADDRESS_MOST].strip().casefold()
