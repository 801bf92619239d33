"""Finds the name of the time zone in which a query's days are meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_LOCAL = Path("/etc/localtime")
_ZONES = "zoneinfo/"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", re.ASCII)


def local_zone(environment: Mapping[str, str], local: Path = _LOCAL) -> str | None:
    """Return the zone of `TZ`, or the machine's (a link into the tz database); None where nobody says: it is UTC."""
    said = environment.get("TZ", "").removeprefix(":")
    if not said:
        said = str(local.resolve())
    name = said.rpartition(_ZONES)[2] if _ZONES in said else said
    return name if _NAME.fullmatch(name) else None
