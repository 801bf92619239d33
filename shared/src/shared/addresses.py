"""Mail addresses: their length, and those that nearly everyone has, told quickly: the full check takes thirty times as
long."""

from __future__ import annotations

import re

ADDRESS_MOST = 320
"""Characters of an address: 64, the @, and 255 (RFC 5321, section 4.5.3.1). Nothing looks into what is longer: putting
text into a normal form takes time by the square of its length."""

SPECIAL_ENDS = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
"""Labels that end no domain that mail goes to, as the full check has them (RFC 6761, RFC 7686)."""

_PLAIN = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+([a-z]{2,})")
_MOST = 64


def is_plain(text: str) -> bool:
    """Return whether text is an address that is valid at sight, and stands as it is to stand in mail.

    Any other text may be an address all the same.
    """
    found = _PLAIN.fullmatch(text) if len(text) <= _MOST else None
    return found is not None and found[1] not in SPECIAL_ENDS
