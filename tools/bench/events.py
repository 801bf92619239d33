"""Makes thousands of events as the gateway publishes them: it encodes one, and cuts the others from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from uuid import UUID

from shared.contracts import Source, SubmissionAccepted, encode

_ID = UUID(int=0)
_SERIAL, _FINGERPRINT = "{serial}", "0" * 64
FIELDS = {"name": f"Ada Lovelace {_SERIAL}", "email": f"ada-{_SERIAL}@example.org"}


def bodies(count: int, first: int = 0, fields: Mapping[str, str] = FIELDS) -> Iterator[bytes]:
    """Yield so many events from a serial number on; `{serial}` in the fields becomes it.

    The same serial has the same id; ids are spread over the whole index, as random ones are.
    """
    moment, source = datetime.now(UTC), Source(ip="127.0.0.1", user_agent="bench")
    pattern = encode(SubmissionAccepted(_ID, "signup", moment, fields, _FINGERPRINT, source))
    for serial in range(first, first + count):
        digest = hashlib.sha256(b"%d" % serial).hexdigest()
        body = pattern.replace(str(_ID).encode(), str(UUID(digest[:32])).encode(), 1)
        yield body.replace(_FINGERPRINT.encode(), digest.encode(), 1).replace(_SERIAL.encode(), b"%d" % serial)
