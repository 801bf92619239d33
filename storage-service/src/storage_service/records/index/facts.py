"""Names what is known of a submission beside its words by tokens that no text has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

_FACT, _SENDER = "\ue000", "\ue001"
"""Private characters: `shared.query.tokens` makes no token with one."""

_KEY_BYTES = 10

SENDER_KEY = "sender"
"""The key of the submitter's address; that of a field is longer."""


@lru_cache(maxsize=4096)
def key_of(field: str) -> str:
    """Return the key under which a field is kept: as short for every name."""
    return _hashed("field", field)


def fact(field: str, kind: str, value: str = "") -> str:
    """Return the token that says something of a field: that it is `true`, or a `number` of this value."""
    return _FACT + _hashed(kind, key_of(field), value)


def sender_is(address: str) -> str:
    """Return the token of who has this address, or, where it begins with @, one that ends so; in small letters."""
    return _FACT + _hashed("sender", address)


def sender_word(token: str) -> str:
    """Return the token for a word in the submitter's address; it begins alike for words that do."""
    return _SENDER + token


def sender_facts(address: str) -> Iterator[str]:
    """Yield what `sender_is` may ask of an address."""
    folded = address.casefold()
    yield sender_is(folded)
    for place, sign in enumerate(folded):
        if sign == "@":
            yield sender_is(folded[place:])


def names(mailbox: str) -> str:
    """Return the token of what names a mailbox anywhere; see `shared.mailboxes.mailbox_of`."""
    return _FACT + _hashed("mailbox", mailbox)


def _hashed(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(errors="surrogatepass"), digest_size=_KEY_BYTES).hexdigest()
