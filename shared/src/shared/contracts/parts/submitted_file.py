"""A file that came with a submission, as its event tells of it: what it is, and where it lies. Never its bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import fields as members_of
from typing import TypeAlias

from shared.contracts.event import InvalidEvent
from shared.contracts.members import count_of, short_text, short_text_or_none
from shared.contracts.strict_json import JsonValue

FILES_MOST = 1000
"""How many an event may tell of."""

TEXT_MOST = 255
"""Characters of a field's name, of a file's names and of its type."""

KEY_MOST = 250
SIZE_MOST = 2**53 - 1
"""Bytes of a file: the largest number that every reader of JSON takes for what it is."""

CLEAN, UNSCANNED, INFECTED = "clean", "unscanned", "infected"
SCANS = (CLEAN, UNSCANNED, INFECTED)
"""What a scanner said of a file. Behind `infected` there may be by what: `infected: Eicar`."""

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    """One file. `name` is made fit to be shown and to be a file's name, `given` is what the browser called it.

    `type` is the MIME type that was found in it, `size` counts bytes, `sha256` is in hex, `key` says where in the store
    of files it lies. `scan` is one of `SCANS`, or None
    where nobody asked a scanner.
    """

    field: str
    name: str
    given: str
    type: str
    size: int
    sha256: str
    key: str
    scan: str | None = None

    def flaw(self) -> str | None:
        """Return what is wrong with it, by the name of its member; None where nothing is."""
        for name in ("field", "name", "given", "type"):
            if len(getattr(self, name)) > TEXT_MOST:
                return f"{name}: {len(getattr(self, name))} characters, {TEXT_MOST} at most"
        if not 0 <= self.size <= SIZE_MOST:
            return f"size: expected a number from 0 to {SIZE_MOST}"
        if not _HASH.fullmatch(self.sha256):
            return "sha256: expected 64 digits of hex"
        if not is_key(self.key):
            return "key: no key of a store of files"
        if self.scan is not None and (len(self.scan) > TEXT_MOST or self.scan.partition(":")[0] not in SCANS):
            return f"scan: expected one of {', '.join(SCANS)}, or null"
        return None


def is_key(text: str) -> bool:
    """Say whether a text is the key of a file: parts of letters, digits, `.`, `-` and `_`, with `/` between them."""
    return len(text) <= KEY_MOST and _KEY.fullmatch(text) is not None


SubmittedFiles: TypeAlias = tuple[SubmittedFile, ...]

MEMBERS = tuple(each.name for each in members_of(SubmittedFile))
TEXTS = tuple(name for name in MEMBERS if name != "size")


def documents_of(files: Sequence[SubmittedFile]) -> list[dict[str, JsonValue]]:
    """Return files as an event's document has them."""
    return [asdict(one) for one in files]


def files_in(document: Mapping[str, JsonValue]) -> SubmittedFiles:
    """Return the files of an event's document, which may have none; raises `InvalidEvent`."""
    told = document.get("files", [])
    if not isinstance(told, list):
        raise InvalidEvent(f"files: expected list, got {type(told).__name__}")
    if len(told) > FILES_MOST:
        raise InvalidEvent(f"files: {len(told)} files, {FILES_MOST} at most")
    return tuple(_file_in(one, number) for number, one in enumerate(told))


def _file_in(told: JsonValue, number: int) -> SubmittedFile:
    place = f"files[{number}]"
    if not isinstance(told, dict):
        raise InvalidEvent(f"{place}: expected dict, got {type(told).__name__}")
    try:
        found = _read(told)
    except InvalidEvent as error:
        raise InvalidEvent(f"{place}.{error}") from None
    if flaw := found.flaw():
        raise InvalidEvent(f"{place}.{flaw}")
    return found


def _read(told: Mapping[str, JsonValue]) -> SubmittedFile:
    return SubmittedFile(
        field=short_text(told, "field", TEXT_MOST),
        name=short_text(told, "name", TEXT_MOST),
        given=short_text(told, "given", TEXT_MOST),
        type=short_text(told, "type", TEXT_MOST),
        size=count_of(told, "size", SIZE_MOST),
        sha256=short_text(told, "sha256", 64),
        key=short_text(told, "key", KEY_MOST),
        scan=short_text_or_none(told, "scan", TEXT_MOST),
    )
