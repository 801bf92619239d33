"""How many confirmations one recipient may get: whoever fills in another person's address must not flood them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

_PERIODS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_SYNTAX = re.compile(r"([1-9][0-9]{0,5})/(minute|hour|day)")


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many confirmations to one recipient in any period of this length."""

    most: int
    period: timedelta


def parse_cap(text: str) -> Cap | None:
    """Read `20/day`, `5/hour`, `1/minute`, or `none`, which is no cap; raises ValueError."""
    if text == "none":
        return None
    found = _SYNTAX.fullmatch(text)
    if found is None:
        raise ValueError("expected a number and a period, such as 20/day or 5/hour, or none")
    return Cap(int(found[1]), _PERIODS[found[2]])


def normalised(address: str) -> str:
    """Return an address as it is compared: composed (NFC), without regard to case."""
    return unicodedata.normalize("NFC", address.strip()).casefold()


def recipient_hash(address: str) -> str:
    """Return what stands for a recipient where mails are counted: SHA-256 of the address, normalised further.

    What follows a plus in the local part is left out, and the domain is written in ASCII: by either, one mailbox has
    as many addresses as somebody likes. The hash is the same for every submission, so that it can be counted; it hides
    an address from who reads the table, not from who guesses it.
    """
    local, _, domain = normalised(address).rpartition("@")
    with suppress(UnicodeError):  # no domain that mail can be sent to: composing the mail says so
        domain = domain.encode("idna").decode("ascii")
    mailbox = f"{local.partition('+')[0] or local}@{domain}"
    return hashlib.sha256(mailbox.encode("utf-8", "surrogatepass")).hexdigest()
