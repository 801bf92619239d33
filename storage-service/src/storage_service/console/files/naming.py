"""Says by which name a browser saves a file (RFC 6266)."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from storage_service.files.names import NO_NAME, safe_name

_NOT_QUOTED = re.compile(r"[^A-Za-z0-9._ ()+,=@#&!-]")


def disposition(name: str, kind: str = "attachment") -> str:
    """Return the header's value: a name in ASCII for who reads no other, and the whole one."""
    name = safe_name(name)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = _NOT_QUOTED.sub("_", plain).strip(" .") or NO_NAME
    whole = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'{kind}; filename="{plain}"{whole}'
