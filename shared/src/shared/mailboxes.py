"""Says whose mailbox an address is, and finds the mailboxes that a text names."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from urllib.parse import unquote

import idna

from shared.contracts.strict_json import JsonValue
from shared.mail_addresses import ADDRESS_MOST
from shared.text import as_shown

NAMED_MOST = 1000
"""How many @ of one document are looked at: whoever sends more of them names nobody."""

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_LOCAL_MOST, _DOMAIN_MOST = 64, 253

# Between words, Chinese and Japanese have no space: there an address ends where the other script begins. In the address
# of a page it begins behind a sign that a local part may have, too. People and their programs write „…“, « … », … and —
# around it.
_WIDE = "\u2e80-\U0010ffff"
_LATIN_SIGNS = "\u00a1-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
_OUTSIDE = f"{_LATIN_SIGNS}\u2000-\u206f\u20a0-\u20cf\u2100-\u214f\u2190-\u2bff{_WIDE}"
_LOCAL = re.compile(r"[^\s\x00-\x1f\x7f@<>()\[\]\\,;:\"]+")
_LOCAL_APART = re.compile(rf"[^\s\x00-\x1f\x7f@<>()\[\]\\,;:\"/?&=*`{{}}|~^#!${_OUTSIDE}]+")
_DOMAIN = re.compile(r"(?:[a-zA-Z0-9._-]|[^\x00-\x7f\s])+")
_DOMAIN_APART = re.compile(rf"(?:[a-zA-Z0-9._-]|[^\x00-\x7f\s{_OUTSIDE}])+")


def normalised(address: str) -> str:
    """Return an address as it is compared: composed (NFC), in small letters."""
    return unicodedata.normalize("NFC", address[:ADDRESS_MOST].strip()).lower()


def mailbox_of(address: str) -> str:
    """Return the mailbox of an address: `ada@example.org` for `Ada+news@Example.org`.

    Each mailbox has as many addresses as somebody likes: what follows a plus in the local part is left out, so are
    Gmail's dots, `googlemail.com` is `gmail.com`, and a domain stands in ASCII, as IDNA 2008 writes it.
    """
    local, _, domain = exact_mailbox_of(address).rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def exact_mailbox_of(address: str) -> str:
    """Return the mailbox of an address as far as everybody knows it: only of Gmail's what follows a plus is left out.

    Elsewhere `ada+news@example.org` may be unknown where `ada@example.org` is not: what a mail server says of the one
    says nothing of the other.
    """
    local, _, domain = normalised(address).rpartition("@")
    domain = _in_ascii(domain)
    if domain in _GMAIL:
        local, domain = (local.partition("+")[0] or local).replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def recipient_hash(address: str) -> str:
    """Return what stands for a recipient where mails are counted: SHA-256 of the mailbox.

    The hash is the same for every submission, so that it can be counted; it hides an address from who reads the table,
    not from who guesses it.
    """
    return hashlib.sha256(mailbox_of(address).encode("utf-8", "surrogatepass")).hexdigest()


def shown_address(address: str) -> str:
    """Return what may be recorded of an address: its first character, and its domain."""
    local, _, domain = as_shown(address[:ADDRESS_MOST].strip()).rpartition("@")
    return f"{local[:1]}\N{HORIZONTAL ELLIPSIS}@{domain}"


def addresses_in(*values: JsonValue | Mapping[str, JsonValue]) -> list[str]:
    """Return the addresses that texts name, in them or alone, each once, at any depth, as they are written.

    Where an address may begin or end in two ways, both are told; `ada%40example.org` and `ada @ example.org` are one,
    too. The first `NAMED_MOST` places are looked at.
    """
    places = ((text, found.start()) for text in _readings(values) for found in re.finditer("@", text))
    return [*dict.fromkeys(one for text, at in islice(places, NAMED_MOST) for one in _written(text, at))]


def mailboxes_in(*values: JsonValue | Mapping[str, JsonValue]) -> list[str]:
    """Return the mailboxes of `addresses_in`, each once."""
    return [*dict.fromkeys(map(mailbox_of, addresses_in(*values)))]


def _written(text: str, at: int) -> Iterator[str]:
    """Yield the addresses around an @. Where there is a space on both sides, a domain has a dot: it may be a word."""
    before, behind = text[max(0, at - _LOCAL_MOST) : at][::-1], text[at + 1 : at + 1 + _DOMAIN_MOST]
    is_apart = before[:1] == " " == behind[:1]
    before, behind = (before.lstrip(" "), behind.lstrip(" ")) if is_apart else (before, behind)
    locals_ = _ends((_LOCAL.match(before), _LOCAL_APART.match(before)), str.rstrip, "'.")  # of `ada.@` it is all
    domains = _ends((_DOMAIN.match(behind), _DOMAIN_APART.match(behind)), str.strip, "'.-_")
    yield from (f"{local[::-1]}@{domain}" for local in locals_ for domain in domains if not is_apart or "." in domain)


def _ends(found: Iterable[re.Match[str] | None], trim: Callable[[str, str], str], signs: str) -> Iterable[str]:
    return dict.fromkeys(kept for one in found if one and (kept := trim(one[0], signs)))


def _readings(values: Iterable[JsonValue | Mapping[str, JsonValue]]) -> Iterator[str]:
    """Yield each text, and where an @ in it is written as an address of a page has it, the text that it stands for."""
    for text in _texts(values):
        if "@" in text:
            yield text
        if "%40" in text:
            yield unquote(text)


def _texts(values: Iterable[JsonValue | Mapping[str, JsonValue]]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _texts(value)
            yield from _texts(value.values())
        elif isinstance(value, list):
            yield from _texts(value)


def _in_ascii(domain: str) -> str:
    domain = domain.rstrip(".")
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:  # no domain that mail can be sent to: composing the mail says so
        return domain
