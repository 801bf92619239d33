"""This module reads the members of an event's document strictly; every event's decoder uses it.

Each raises `InvalidEvent`, and names the member that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from shared.contracts.event import InvalidEvent
from shared.contracts.strict_json import JsonValue, Unacceptable, parse

T = TypeVar("T")

Document = Mapping[str, JsonValue]


def document_in(body: bytes, *, most_depth: int) -> dict[str, JsonValue]:
    """Return the JSON object that a body is; `most_depth` is how deep it may nest, itself counted as 1."""
    try:
        document = parse(body, most_depth=most_depth)
    except Unacceptable as error:
        raise InvalidEvent(str(error)) from error
    if not isinstance(document, dict):
        raise InvalidEvent("the body is no JSON object")
    return document


def member(document: Document, name: str, kind: type[T]) -> T:
    """Return a member that must be there, and of this kind."""
    value = document.get(name)
    if not isinstance(value, kind):
        raise InvalidEvent(f"{name}: expected {kind.__name__}, got {type(value).__name__}")
    return value


def text_or_none(document: Document, name: str) -> str | None:
    """Return a text that may be missing, or null."""
    return None if document.get(name) is None else member(document, name, str)


def texts(document: Document, name: str, known: tuple[str, ...]) -> list[str | None]:
    """Return the texts of a group, a member that is an object or missing, in the order of `known`."""
    group = document.get(name, {})
    if not isinstance(group, dict):
        raise InvalidEvent(f"{name}: expected dict, got {type(group).__name__}")
    found: list[str | None] = []
    for key in known:
        value = group.get(key)
        if value is not None and not isinstance(value, str):
            raise InvalidEvent(f"{name}.{key}: expected str, got {type(value).__name__}")
        found.append(value)
    return found


def texts_by_name(document: Document, name: str) -> dict[str, str]:
    """Return an object whose members are all texts; it may be missing."""
    found: dict[str, str] = {}
    for key, value in (member(document, name, dict) if name in document else {}).items():
        if not isinstance(value, str):
            raise InvalidEvent(f"{name}.{key}: expected str, got {type(value).__name__}")
        found[key] = value
    return found


def uuid_of(text: str, name: str) -> UUID:
    """Return the UUID that the member `name` holds."""
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidEvent(f"{name}: no UUID") from error


def moment_of(text: str, name: str) -> datetime:
    """Return the moment that the member `name` holds, in UTC; it must name its time zone."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidEvent(f"{name}: no date and time") from error
    raise InvalidEvent(f"{name}: names no time zone")


def utc_text(moment: datetime) -> str:
    """Return an aware moment as events have it: `2026-11-22T17:03:44.123456Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def short_text(document: Document, name: str, most: int) -> str:
    """Return a text that must be there, of at most so many characters."""
    value = member(document, name, str)
    if len(value) > most:
        raise InvalidEvent(f"{name}: {len(value)} characters, {most} at most")
    return value


def short_text_or_none(document: Document, name: str, most: int) -> str | None:
    """Return a text of at most so many characters that may be missing, or null."""
    return None if document.get(name) is None else short_text(document, name, most)


def count_of(document: Document, name: str, most: int) -> int:
    """Return a whole number from 0 to `most`."""
    value = member(document, name, int)
    if isinstance(value, bool) or not 0 <= value <= most:
        raise InvalidEvent(f"{name}: expected a number from 0 to {most}")
    return value


def version_of(document: Document, name: str) -> int:
    """Return the version of a row, from 1; every database can hold it."""
    value = count_of(document, name, 2**62)
    if value == 0:
        raise InvalidEvent(f"{name}: expected a number from 1")
    return value
