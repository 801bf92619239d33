"""Has files looked at for viruses while they come, where somebody does."""

from __future__ import annotations

import time
from typing import Protocol

import structlog

from gateway.http.errors import Refused, refused
from gateway.uploads import refusals
from gateway.uploads.counters import FileCounters
from shared.contracts.parts.submitted_file import CLEAN, UNSCANNED
from shared.files.scanning import Scan, Scanner, ScannerAway, TooLargeToScan
from shared.forms.uploads import WhenAway

VERDICT_S = 30.0
"""How long one verdict may take, with a person waiting for it; a scan that goes on for longer counts as away."""

_log = structlog.get_logger()


class Looking(Protocol):
    """Looks at one file."""

    def feed(self, piece: bytes) -> None:
        """Look at its next piece."""

    def end(self) -> str | None:
        """Return what is to be kept of it (`SubmittedFile.scan`); raises `Refused` (413, 422, 503) where it is not
        taken."""

    def close(self) -> None:
        """Leave it, whether it was seen to its end or not."""


class Viruses(Protocol):
    """Looks at files."""

    def begin(self, field: str, when_away: WhenAway) -> Looking:
        """Begin with a file of a field; `when_away` says what becomes of it where nobody can look."""


class NoLooking:
    """Looks at nothing, and says nothing of it."""

    def begin(self, field: str, when_away: WhenAway) -> Looking:  # noqa: ARG002 - nobody is away
        """See `Viruses.begin`."""
        return self

    def feed(self, piece: bytes) -> None:
        """See `Looking.feed`."""

    def end(self) -> str | None:
        """See `Looking.end`."""
        return None

    def close(self) -> None:
        """See `Looking.close`."""


class ScannedFiles:
    """Has each file scanned by ClamAV."""

    def __init__(self, scanner: Scanner, counters: FileCounters) -> None:
        self._scanner = scanner
        self._counters = counters

    def begin(self, field: str, when_away: WhenAway) -> Looking:
        """See `Viruses.begin`."""
        return _Scanning(self._scanner.begin(), self._counters, field, when_away)


class _Scanning:
    def __init__(self, scan: Scan, counters: FileCounters, field: str, when_away: WhenAway) -> None:
        self._scan = scan
        self._counters = counters
        self._field = field
        self._when_away = when_away
        self._begun_s = time.monotonic()
        if scan.is_away and when_away == "refuse":
            raise self._away(ScannerAway("clamd cannot be reached"))

    def feed(self, piece: bytes) -> None:
        self._scan.feed(piece)

    def end(self) -> str | None:
        try:
            verdict = self._scan.verdict(VERDICT_S)
        except ScannerAway as error:
            if self._when_away == "refuse":
                raise self._away(error) from error
            self._count("away")
            return UNSCANNED
        self._count("clean" if verdict.is_clean else "infected")
        if not verdict.is_clean:
            _log.warning("infected file refused", found=verdict.infected)
            raise refused(422, "FILE_INFECTED", "There is a virus in this file, so it is not taken.", field=self._field)
        return CLEAN

    def close(self) -> None:
        self._scan.close()

    def _away(self, error: ScannerAway) -> Refused:
        self._count("away")
        _log.error("file not scanned", error=str(error))
        if isinstance(error, TooLargeToScan):
            return refused(
                413, refusals.TOO_BIG, "This file is too large to be checked for viruses.", field=self._field
            )
        return refusals.unscanned()

    def _count(self, result: str) -> None:
        self._counters.scanned(result, time.monotonic() - self._begun_s)
