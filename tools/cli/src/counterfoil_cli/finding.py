"""Finds the submission that a short id means."""

from __future__ import annotations

import re

from counterfoil_cli.api import Api
from counterfoil_cli.exits import Refused, Wrong
from counterfoil_cli.harmless import line
from counterfoil_cli.submissions import SHORT

NEWEST = 200
"""Among so many a short id is looked for: one page."""

_WHOLE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_END = re.compile(rf"[0-9a-f-]{{{SHORT},35}}", re.ASCII)


def found_id(api: Api, text: str) -> str:
    """Return a whole id: as it is, or the one of the newest that ends so. Raises `Failure`."""
    said = text.strip().lower()
    if _WHOLE.fullmatch(said):
        return said
    if not _END.fullmatch(said):
        raise Wrong(f"{line(text, 64)!r} is no id: expected one as `counterfoil inbox` shows it")
    page = api.get("/submissions", {"limit": NEWEST})
    found = [str(one["id"]) for one in page["submissions"] if str(one["id"]).endswith(said)]
    if len(found) == 1 and _WHOLE.fullmatch(found[0]):
        return found[0]
    if found:
        raise Wrong(f"{said} may be each of {', '.join(map(line, found[:5]))}: give more of it")
    raise Refused(f"none of the newest {NEWEST} ends with {said}: give the whole id (counterfoil inbox --exact)")
