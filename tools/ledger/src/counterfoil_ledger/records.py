"""Records each submission before it is sent, and its result: the ledger.

One JSON object a line, appended and never changed: a run (where to, which seed), a submission before its first byte is
sent, an attempt after its answer. A ledger that is read back after its writer was killed still names every request that
can have reached the gateway.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Literal, TextIO, TypeAlias

Outcome: TypeAlias = Literal["acked", "rejected", "unknown"]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run was asked to do: so many submissions, made from a seed, to a form of an installation."""

    url: str
    form: str
    submissions: int
    seed: int
    began_at: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request for a submission. Moments are seconds since the epoch; `status` is 0 where no answer came."""

    outcome: Outcome
    status: int
    at: float
    took_s: float
    id: str | None = None


@dataclass(slots=True)
class Entry:
    """One submission as it was sent, and the attempts made for it. `sha256` is the fingerprint of its fields."""

    key: str
    form: str
    address: str
    sha256: str
    sent_at: float
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """Acked if any attempt was, rejected only if every one was, else unknown."""
        outcomes = {attempt.outcome for attempt in self.attempts}
        if "acked" in outcomes:
            return "acked"
        return "rejected" if outcomes == {"rejected"} else "unknown"

    @property
    def ids(self) -> set[str]:
        """The ids that the gateway answered with: one at most, however often it was asked."""
        return {attempt.id for attempt in self.attempts if attempt.id is not None}


class NoLedger(Exception):
    """The file cannot be read or written, or is none of a ledger's; the text says which and why."""


class Ledger:
    """A ledger in a file, appended to by many threads. Opening an existing one reads it back, and changes nothing.

    What is written outlives a killed process; with `synced`, which waits for the disk each time, a power cut too.
    Raises `NoLedger`.
    """

    def __init__(self, path: Path, *, synced: bool = False) -> None:
        self.runs: list[Run] = []
        self.entries: dict[str, Entry] = {}
        self.last_acked_at = 0.0
        for number, line in enumerate(_whole_lines(path), start=1):
            try:
                self._apply(json.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                raise NoLedger(f"{path}, line {number}, is not a ledger's: {error!r}") from error
        self._path = path
        self._synced = synced
        self._lock = Lock()
        self._file: TextIO | None = None

    def begin(self, run: Run) -> None:
        """Write down what a run is about to do."""
        self._append({"run": asdict(run)})

    def will_send(self, entry: Entry) -> None:
        """Write down a submission that is about to be sent."""
        sent = {"key": entry.key, "form": entry.form, "address": entry.address, "sha256": entry.sha256}
        self._append({"sent": {**sent, "sent_at": entry.sent_at}})

    def did_send(self, key: str, attempt: Attempt) -> None:
        """Write down what became of one attempt to send it."""
        answer = {"outcome": attempt.outcome, "status": attempt.status, "at": attempt.at}
        self._append({"key": key, "attempt": {**answer, "took_s": attempt.took_s, "id": attempt.id}})

    def count(self, outcome: Outcome) -> int:
        """Return how many submissions have this outcome so far."""
        return sum(entry.outcome == outcome for entry in self.snapshot())

    def snapshot(self) -> list[Entry]:
        """Return the entries so far; safe while others write."""
        with self._lock:
            return list(self.entries.values())

    def attempts(self) -> list[Attempt]:
        """Return every attempt, in the order of the moments they ended."""
        return sorted((each for entry in self.snapshot() for each in list(entry.attempts)), key=lambda each: each.at)

    def close(self) -> None:
        """Close the file; the entries stay readable."""
        if self._file:
            self._file.close()

    def _append(self, record: dict[str, Any]) -> None:
        with self._lock:
            self._file = self._file or _opened_at_whole_line(self._path)
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()
            if self._synced:
                os.fsync(self._file.fileno())
            self._apply(record)

    def _apply(self, record: dict[str, Any]) -> None:
        if "run" in record:
            self.runs.append(Run(**record["run"]))
        elif "sent" in record:
            entry = Entry(**record["sent"])
            self.entries.setdefault(entry.key, entry)
        else:
            attempt = Attempt(**record["attempt"])
            self.entries[record["key"]].attempts.append(attempt)
            if attempt.outcome == "acked":
                self.last_acked_at = attempt.at


def _whole_lines(path: Path) -> Iterator[str]:
    """Yield the lines that end, none where there is no file; a writer that was killed may leave half of one."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            yield from (line for line in lines if line.endswith("\n"))
    except FileNotFoundError:
        return
    except OSError as error:
        raise NoLedger(f"{path} cannot be read: {error.strerror}") from error


def _opened_at_whole_line(path: Path) -> TextIO:
    """Open a ledger to append to it, without the half line that a killed writer left."""
    try:
        if path.exists():
            written = path.read_bytes()
            if not written.endswith(b"\n"):
                os.truncate(path, written.rfind(b"\n") + 1)
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise NoLedger(f"{path} cannot be written: {error.strerror}") from error
