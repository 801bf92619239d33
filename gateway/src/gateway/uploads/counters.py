"""Lets whoever counts know what became of files, by callables that may not block or raise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.http.errors import Refused

CODES = frozenset(
    {
        "NO_FILE_UPLOADS",
        "FILES_TOO_BIG",
        "TOO_MANY_FILES",
        "FILE_TYPE_NOT_ALLOWED",
        "FILE_INFECTED",
        "FILES_UNAVAILABLE",
        "UPLOADS_BUSY",
    }
)
"""The codes of refusals that are because of files."""


def _ignore(*_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class FileCounters:
    """Counts files; left out, nothing."""

    accepted: Callable[[Sequence[int]], None] = _ignore
    """A submission with files was accepted: the bytes of each."""

    refused: Callable[[str], None] = _ignore
    """A submission was refused because of its files, by this code."""

    scanned: Callable[[str, float], None] = _ignore
    """A file was looked at for viruses: `clean`, `infected` or `away`, and in how many seconds."""

    def note(self, refusal: Refused) -> None:
        """Count a refusal, once for each reason that is about files."""
        for code in CODES.intersection(error.code for error in refusal.errors):
            self.refused(code)
