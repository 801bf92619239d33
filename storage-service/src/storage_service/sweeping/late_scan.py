"""Scans the files that nobody could scan when they came, while ClamAV was away."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import structlog
from sqlalchemy import Engine, Row, select, tuple_, update

from shared.contracts.parts.submitted_file import CLEAN, INFECTED, TEXT_MOST, UNSCANNED
from shared.database import classified, reading
from shared.files import FileMissing, FileStore, StoreUnavailable
from shared.files.scanning import Scan, ScannerAway, TooLargeToScan, Verdict
from shared.messaging.failures import DependencyUnavailable
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.tables import FILES

BY = Asker("rule: scanner", frozenset())
LOOK_EVERY_S = 30.0
REST_S = 0.1
AT_ONCE = 20

_F = FILES.files.c
_Place: TypeAlias = tuple[Any, str, int]


class Scanner(Protocol):
    """Begins scans: `shared.files.scanning.Scanner`."""

    def begin(self) -> Scan:
        """Begin to scan a file."""


class Told(Protocol):
    """Counts scans: `FileInstruments.scanned`."""

    def __call__(self, result: str, seconds: float) -> None:
        """Count one."""


class LateScan:
    """Scans a file in each turn, and notes what came of it. What can never be scanned it passes over until a restart.

    It goes round: after a file comes the next one, whatever came of it. So one by which ClamAV ends, or that the store
    does not hand out, keeps no other waiting. A file that is infected is not handed out any more; who erases its
    submission removes it.
    """

    def __init__(self, engine: Engine, store: FileStore, scanner: Scanner, audit: Audit, told: Told) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._store = store
        self._scanner = scanner
        self._audit = audit
        self._told = told
        self._passed_over: set[_Place] = set()
        self._after: _Place | None = None
        self._has_failed = False
        self._log = structlog.get_logger().bind(part="scan")

    def turn(self) -> float:
        """Scan one; see `behind.Behind`. Raises as `classified`, and `StoreUnavailable`."""
        rows = self._unscanned()
        if not rows and self._has_failed:  # what failed in this round is tried again at once: whoever calls this waits
            self._after, self._has_failed = None, False
            rows = self._unscanned()
        if not rows:
            self._after = None
            return LOOK_EVERY_S
        for row in rows:
            self._after = _place(row)
            if self._after not in self._passed_over:
                self._try(row)
                break
        return REST_S

    def _try(self, row: Row[Any]) -> None:
        try:
            self._scan(row)
        except (DependencyUnavailable, StoreUnavailable):
            self._has_failed = True
            raise

    def _unscanned(self) -> Sequence[Any]:
        """Return some of those behind the last one; none at the end of a round."""
        place = (_F.submission_id, _F.fingerprint, _F.number)
        found = select(*place, _F.key).where(_F.scan == UNSCANNED).order_by(*place).limit(AT_ONCE)
        if self._after is not None:
            found = found.where(tuple_(*place) > self._after)
        with classified(), self._reading.connect() as connection:
            return connection.execute(found).all()

    def _scan(self, row: Row[Any]) -> None:
        begun_s = time.monotonic()
        try:
            verdict = self._verdict(row.key)
        except (TooLargeToScan, FileMissing) as error:
            self._passed_over.add(_place(row))
            why = "it is larger than ClamAV takes" if isinstance(error, TooLargeToScan) else "it is not in the store"
            self._log.warning("a file stays unscanned", submission=str(row.submission_id), because=why)
            return
        except ScannerAway as error:
            self._told("away", time.monotonic() - begun_s)
            raise DependencyUnavailable(str(error)) from error
        self._told(CLEAN if verdict.is_clean else INFECTED, time.monotonic() - begun_s)
        self._note(row, verdict)

    def _verdict(self, key: str) -> Verdict:
        with self._store.open(key) as opened, self._scanner.begin() as scan:
            for piece in opened:
                if scan.is_away:
                    break
                scan.feed(piece)
            return scan.verdict()

    def _note(self, row: Row[Any], verdict: Verdict) -> None:
        """Note it unless the file was erased meanwhile. Rows of the same bytes have their own turn."""
        said = CLEAN if verdict.is_clean else f"{INFECTED}: {verdict.infected}"[:TEXT_MOST]
        its = (_F.submission_id == row.submission_id, _F.fingerprint == row.fingerprint, _F.number == row.number)
        with classified(), self._engine.begin() as connection:
            changed = connection.execute(
                update(FILES.files).where(*its, _F.scan == UNSCANNED).values(scan=said)
            ).rowcount
            if changed and not verdict.is_clean:
                self._audit.note(BY, "file.infected", row.submission_id, within=connection)
        if changed and not verdict.is_clean:
            self._log.warning("a file is infected", submission=str(row.submission_id), by=verdict.infected)


def _place(row: Row[Any]) -> _Place:
    return row.submission_id, row.fingerprint, row.number
