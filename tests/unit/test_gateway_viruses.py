"""Files are looked at for viruses before anybody may rely on them; a form says what happens where nobody can."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.http.errors import Refused
from gateway.uploads.counters import FileCounters
from gateway.uploads.filing import Coming, Filing
from gateway.uploads.kept import KeptFiles
from gateway.uploads.viruses import ScannedFiles
from shared.files import MemoryFiles
from shared.files.scanning import Scan, Scanner, ScannerAway, TooLargeToScan, Verdict
from shared.forms import FileRules
from shared.forms.uploads import WhenAway

AWAY = ScannerAway("away")


class FakeScan(Scan):
    """A scan whose verdict is settled."""

    def __init__(self, settled: Verdict | ScannerAway) -> None:
        super().__init__(None)
        self._settled = settled

    def verdict(self, timeout_s: float = 0) -> Verdict:
        if isinstance(self._settled, ScannerAway):
            raise self._settled
        return self._settled


class FakeScanner(Scanner):
    """Scans nothing."""

    def __init__(self, settled: Verdict | ScannerAway) -> None:
        super().__init__("tcp://127.0.0.1:1")
        self._settled = settled

    def begin(self) -> Scan:
        return FakeScan(self._settled)


def taken(scanner: Scanner, when_away: WhenAway = "refuse") -> tuple[str | None, MemoryFiles, list[str]]:
    """Return what is kept of a file's scan, the store, and what was counted."""
    store, counted = MemoryFiles(), list[str]()
    viruses = ScannedFiles(scanner, FileCounters(scanned=lambda result, _seconds: counted.append(result)))
    kept = KeptFiles(store, "apply", datetime.now(UTC))
    coming = Coming("cv", "cv.txt", iter([b"one", b"two"]), FileRules())
    try:
        return Filing(store, viruses).take(coming, kept, when_away=when_away).scan, store, counted
    except Refused as refusal:
        assert store.files == {}, "what was refused is there"
        return refusal.errors[0].code, store, counted


@pytest.mark.parametrize(
    ("settled", "when_away", "result", "counted"),
    [
        (Verdict(), "refuse", "clean", "clean"),
        (Verdict("Eicar"), "refuse", "FILE_INFECTED", "infected"),
        (Verdict("Eicar"), "accept", "FILE_INFECTED", "infected"),
        (AWAY, "refuse", "FILES_UNAVAILABLE", "away"),
        (AWAY, "accept", "unscanned", "away"),
        (TooLargeToScan(), "refuse", "FILES_TOO_BIG", "away"),
        (TooLargeToScan(), "accept", "unscanned", "away"),
    ],
)
def test_what_a_verdict_makes_of_a_file(
    settled: Verdict | ScannerAway, when_away: WhenAway, result: str, counted: str
) -> None:
    found, _, counts = taken(FakeScanner(settled), when_away)
    assert (found, counts) == (result, [counted])


def test_a_scanner_that_nobody_reaches_is_known_before_the_file_is_read() -> None:
    nobody = Scanner("tcp://127.0.0.1:1")
    assert taken(nobody)[0] == "FILES_UNAVAILABLE"
    assert taken(nobody, "accept")[0] == "unscanned"
