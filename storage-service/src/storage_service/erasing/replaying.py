"""Erases again what a file of erasures says: a restored backup that is older has it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from storage_service.accounts.asker import Asker
from storage_service.erasing.erasing import AT_ONCE, Erasing

LINE_MOST = 200
"""Bytes of a line that is looked at: an id and a moment are 64."""

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
    is_kept = erasing.keeps_in(file)
    with file.open("rb") as lines:
        for _ in range(_lines_in(file)):
            line = lines.readline()
            come.lines += 1
            _take(line, come, moments)
            if len(moments) == AT_ONCE:
                come.erased += erasing.again(moments, by, keep=not is_kept)
                moments.clear()
                yield come
    come.erased += erasing.again(moments, by, keep=not is_kept)
    yield come


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
    with file.open("rb") as lines:
        return sum(1 for _ in lines)
