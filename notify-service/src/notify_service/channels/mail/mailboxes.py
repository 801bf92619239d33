"""Whose mailbox an address is: what mails are counted by, and one confirmation is told from another by."""

from __future__ import annotations

import hashlib
import unicodedata
from uuid import UUID

import idna

from shared.mail_addresses import ADDRESS_MOST
from shared.text import as_shown

_GMAIL = frozenset({"gmail.com", "googlemail.com"})


def normalised(address: str) -> str:
    """Return an address as it is compared: composed (NFC), in small letters."""
    return unicodedata.normalize("NFC", address[:ADDRESS_MOST].strip()).lower()


def recipient_hash(address: str) -> str:
    """Return what stands for a recipient where mails are counted: SHA-256 of the mailbox.

    Each mailbox has as many addresses as somebody likes: what follows a plus in the local part is left out, so are
    Gmail's dots, `googlemail.com` is `gmail.com`, and a domain stands in ASCII, as IDNA 2008 writes it. The hash is the
    same for every submission, so that it can be counted; it hides an address from who reads the table, not from who
    guesses it.
    """
    local, _, domain = normalised(address).rpartition("@")
    domain = _in_ascii(domain)
    local = local.partition("+")[0] or local
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return hashlib.sha256(f"{local}@{domain}".encode("utf-8", "surrogatepass")).hexdigest()


def destination_hash(submission_id: UUID, address: str) -> str:
    """Return what stands for an address in the table: SHA-256 of the submission's id and the normalised address.

    With the id in it, the same address looks different in every row.
    """
    return hashlib.sha256(f"{submission_id}\n{normalised(address)}".encode("utf-8", "surrogatepass")).hexdigest()


def shown_address(address: str) -> str:
    """Return what may be recorded of an address: its first character, and its domain."""
    local, _, domain = as_shown(address[:ADDRESS_MOST].strip()).rpartition("@")
    return f"{local[:1]}\N{HORIZONTAL ELLIPSIS}@{domain}"


def _in_ascii(domain: str) -> str:
    domain = domain.rstrip(".")
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:  # no domain that mail can be sent to: composing the mail says so
        return domain
