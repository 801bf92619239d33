"""Says what a key of the store is: a file that came with a submission, or something that no gateway put."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_UPLOAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}/(\d{4}-\d\d-\d\d)/[a-z0-9]{26,40}/[1-9]\d{0,3}", re.ASCII)


def put_on(key: str) -> datetime | None:
    """Return the beginning of the day (UTC) at which a gateway put this; None where it was no gateway."""
    found = _UPLOAD.fullmatch(key)
    try:
        return datetime.strptime(found.group(1), "%Y-%m-%d").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
