"""Writes a page for people: it needs nothing else, runs nothing, and shows what strangers sent as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from shared.text import REORDERING, as_shown
from storage_service.subjects.report import Report

_BUFFERED = 50
"""Pieces of the template that are handed on at once."""


def page(
    report: Report,
    submissions: Iterable[Mapping[str, Any]],
    not_stored: Sequence[Mapping[str, Any]],
    parked: Iterable[Mapping[str, Any]],
    at: datetime,
) -> Iterator[str]:
    """Yield the page, as far as what it shows has been read."""
    stream = _template().stream(report=report, submissions=submissions, not_stored=not_stored, parked=parked, at=at)
    stream.enable_buffering(_BUFFERED)
    yield from stream


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("storage_service.subjects"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["text"] = _text
    return environment.get_template("person.html")


def _text(value: Any) -> str:
    """Return a value as text, without signs that turn the text around them."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    return as_shown(text).translate(REORDERING)
