"""Writes a parked message as the page shows it: whatever came, as text that controls nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

SHOWN_MOST = 64 * 1024
"""How many characters of a content the page shows: a browser is slow with a megabyte of text."""

_MOMENTS = ("parked_at", "changed_at")
_LINES = "\n\t"


def shown_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry with its moments read, and its texts harmless."""
    made = {name: visible(value) if isinstance(value, str) else value for name, value in entry.items()}
    made |= {name: datetime.fromisoformat(entry[name]) for name in _MOMENTS if entry.get(name)}
    if "headers" in entry:
        made["headers"] = {visible(name): visible(_text(value)) for name, value in entry["headers"].items()}
    if "actions" in entry:
        made["actions"] = [shown_action(one) for one in entry["actions"]]
    return made


def shown_action(action: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of what happened to it."""
    made = {name: visible(value) if isinstance(value, str) else value for name, value in action.items()}
    return {**made, "at": datetime.fromisoformat(action["at"])}


def shown_content(entry: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the content as text, and whether it is only the beginning."""
    content = entry["content"]
    text = json.dumps(content, indent=2, ensure_ascii=False) if entry["encoding"] == "json" else str(content)
    return visible(text[:SHOWN_MOST]), len(text) > SHOWN_MOST or bool(entry["truncated"])


def visible(text: str) -> str:
    """Return a text with escapes for what nobody sees: control characters, and what turns the direction around."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in _LINES else _escaped(one) for one in text)


def _escaped(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
