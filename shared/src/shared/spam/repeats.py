"""Names by a hash what is sent again and again, and the network that it came from."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from hashlib import blake2b

from shared.sources import without_port
from shared.spam.folding import folded
from shared.spam.texts import SpamText

_HASH_BYTES = 8
_LOOKED_AT = 2_000
_SHORTEST = 20
"""Characters below which many people send the same: "yes", "please call me"."""
_WORD = re.compile(r"[^\W_]+")
_NO_WORDS = bytes(code for code in range(128) if not chr(code).isalnum())


def text_hash(text: SpamText) -> int | None:
    """Return 64 bits that are the same for the same text: of the longest field, folded, without spaces and signs.

    A sender who changes name and address with each copy has the same; None where the text is too short to tell.
    """
    longest = max(text.fields.values(), key=len, default="")
    plain = folded(longest[:_LOOKED_AT])
    if plain.isascii():
        words = plain.encode().translate(None, _NO_WORDS)
        return _hash(words) if len(words) >= _SHORTEST else None
    letters = "".join(_WORD.findall(plain))
    return _hash(letters.encode(errors="replace")) if len(letters) >= _SHORTEST else None


@lru_cache(maxsize=1024)
def network_hash(ip: str | None) -> int | None:
    """Return 64 bits for the /24 of an IPv4 address or the /64 of an IPv6 one; None where it is neither."""
    try:
        parsed = ipaddress.ip_address(without_port(ip or ""))
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    bits = 24 if parsed.version == 4 else 64
    return _hash(str(ipaddress.ip_network((int(parsed), bits), strict=False)).encode())


def _hash(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=_HASH_BYTES).digest(), "big")
