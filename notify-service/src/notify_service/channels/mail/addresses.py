"""Addresses as they stand in a mail's envelope and headers."""

from __future__ import annotations

from collections.abc import Sequence

from email_validator import EmailNotValidError, validate_email

from notify_service.transports.failures import Permanent
from shared.mail_addresses import is_plain, is_within, split
from shared.text import is_line


def checked_address(address: str, mail_domains: Sequence[str] = ()) -> str:
    """Return the address as it stands in envelope and header: its domain in ASCII, as RFC 5890 writes it.

    A local part with dots that RFC 5321 has in quotes alone stands in quotes. `mail_domains` are private domains that
    it may have. Raises `Permanent` where no mail can go there.
    """
    if is_plain(address):
        return address
    if not is_line(address):
        raise Permanent("control character in the address")
    plain, local, given_domain = split(address, mail_domains)
    try:
        checked = validate_email(plain, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise Permanent("no valid address") from None
    mail_domain = given_domain if is_within(given_domain, mail_domains) else checked.ascii_domain
    if not mail_domain.isascii():
        raise Permanent("a domain that is not public has to be written in ASCII")
    return f"{checked.local_part}@{mail_domain}" if plain.startswith(f"{local}@") else f'"{local}"@{mail_domain}'
