"""Reads what services answer: small JSON documents, of which nothing is kept but what stands in a table of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def document_in(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object that a body is; an empty one where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def number_in(document: Mapping[str, Any], name: str) -> float | None:
    """Return a member that is a finite number of zero or more; None where it is none."""
    found = document.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if 0 <= found < 10**9 else None
