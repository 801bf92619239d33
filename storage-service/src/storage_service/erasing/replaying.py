"""Erases again what a file of erasures says: a restored backup that is older has it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from storage_service.accounts.asker import Asker
from storage_service.erasing.erasing import AT_ONCE, Erasing
from storage_service.erasing.journal import mark

LINE_MOST = 200
"""Bytes of a line that is looked at: an id and a moment are 64."""

_PIECE_BYTES = 64 * 1024

BROKEN_MOST = 20
"""How many of the lines that cannot be read are named."""


@dataclass
class Replayed:
    """How far it has come: lines that were read, ids that were erased now, and numbers of lines that are broken."""

    lines: int = 0
    erased: int = 0
    broken: int = 0
    named: list[int] = field(default_factory=list)

    def note_broken(self, number: int) -> None:
        """Count a line that cannot be read."""
        self.broken += 1
        if len(self.named) < BROKEN_MOST:
            self.named.append(number)


def replay(erasing: Erasing, file: Path, by: Asker) -> Iterator[Replayed]:
    """Erase what a file says, some in each short transaction, and yield how far it has come after each.

    Done again it erases nothing more, and tells notify once more. Raises `OSError`, and as `Erasing` does.
    """
    come, moments = Replayed(), dict[UUID, datetime]()
    noted = None if erasing.keeps_in(file) else erasing.noted()
    with file.open("rb") as lines:
        for _ in range(_lines_in(file)):
            line = _line_of(lines)
            come.lines += 1
            _take(line, come, moments)
            if len(moments) == AT_ONCE:
                come.erased += _again(erasing, moments, by, noted)
                moments.clear()
                yield come
    come.erased += _again(erasing, moments, by, noted)
    yield come


def _again(erasing: Erasing, moments: Mapping[UUID, datetime], by: Asker, noted: Set[int] | None) -> int:
    """Erase them again; those go into the journal that it has not noted so already."""
    keep = [] if noted is None else [key for key, at in moments.items() if mark(key, at) not in noted]
    return erasing.again(moments, by, keep=keep)


def _line_of(lines: BinaryIO) -> bytes:
    """Return the beginning of the next line, whatever it has behind that."""
    beginning = part = lines.readline(LINE_MOST + 1)
    while part and not part.endswith(b"\n"):
        part = lines.readline(_PIECE_BYTES)
    return beginning


def _take(line: bytes, come: Replayed, moments: dict[UUID, datetime]) -> None:
    text = line[:LINE_MOST].decode("ascii", errors="replace").strip()
    if not text:
        return
    try:
        key, at = _read(text)
    except (ValueError, OverflowError):
        come.note_broken(come.lines)
        return
    moments[key] = max(at, moments.get(key, at))


def _read(text: str) -> tuple[UUID, datetime]:
    key, _, told = text.partition(" ")
    moment = datetime.fromisoformat(told)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return UUID(key), moment.astimezone(UTC)


def _lines_in(file: Path) -> int:
    """Return how many lines there are now: more may be added while these are read."""
    count, last = 0, b"\n"
    with file.open("rb") as lines:
        while piece := lines.read(_PIECE_BYTES):
            count += piece.count(b"\n")
            last = piece[-1:]
    return count + (last != b"\n")
