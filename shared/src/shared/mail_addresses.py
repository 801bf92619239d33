"""Splits mail addresses, and recognises the common valid ones quickly.

The full check of a mail address takes thirty times as long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ADDRESS_MOST = 320
"""Characters of an address: 64, the @, and 255 (RFC 5321, section 4.5.3.1). Nothing looks into what is longer: putting
text into a normal form takes time by the square of its length."""

SPECIAL_ENDS = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
"""Labels that end no domain that mail goes to, as the full check has them (RFC 6761, RFC 7686)."""

_PLAIN = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+([a-z]{2,})")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,126}}")
"""A domain by its looks, international ones too."""

_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\".]+(?:\.[^\s@<>()\[\]\\,;:\".]+)*")
"""The part before the @ as RFC 5322 has it without quotes, international letters too (RFC 6531)."""

_MOST = _LOCAL_MOST = 64
_DOMAIN_MOST = 253
_SURPLUS_DOTS = re.compile(r"\.\.+")
_PUBLIC = "example.org"


def split(address: str, mail_domains: Sequence[str]) -> tuple[str, str, str]:
    """Return an address to check in place of the given one, and the local part and domain of the given one.

    The one to check has no dots that RFC 5321 has in quotes alone, as in `a..b` and `a.`, which Japan's carriers gave
    out; and a public domain where its own is one of `mail_domains`.
    """
    local, _, domain = address.rpartition("@")
    checked_local = _SURPLUS_DOTS.sub(".", local).removesuffix(".")
    return f"{checked_local}@{_PUBLIC if is_within(domain, mail_domains) else domain}", local, domain


def is_within(domain: str, domains: Sequence[str]) -> bool:
    """Return whether a domain is one of these, or below one of them."""
    wanted = domain.lower() if DOMAIN.fullmatch(domain) else ""
    return any(wanted == one or wanted.endswith("." + one) for one in map(str.lower, domains))


def is_plain(text: str) -> bool:
    """Return whether text is an address of the common kind: certainly valid, and already in its normal form.

    Other texts may be valid addresses, too.
    """
    found = _PLAIN.fullmatch(text) if len(text) <= _MOST else None
    return found is not None and found[1] not in SPECIAL_ENDS


def is_address(text: str) -> bool:
    """Return whether text is an address alone by its looks, as an owner writes down their own: `localhost` or
    `intranet` may be its domain. Whether there is such a mailbox, a mail server says."""
    local, _, domain = text.rpartition("@")
    is_short = len(text) <= ADDRESS_MOST and len(local) <= _LOCAL_MOST and len(domain) <= _DOMAIN_MOST
    return is_short and text.isprintable() and bool(_LOCAL.fullmatch(local)) and _is_domain(domain)


def _is_domain(text: str) -> bool:
    if "_" in text or not DOMAIN.fullmatch(text):
        return False
    try:
        return bool(text.encode("idna"))
    except UnicodeError:
        return False
