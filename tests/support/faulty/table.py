"""Prints a table of what each row counted at the end of a run, and keeps it as JSON."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

Told = dict[str, Any]


@dataclass
class Row:
    """One test of a row: its seed, and what it counted."""

    name: str
    broker: str
    seed: int
    began: float = field(default_factory=time.monotonic)
    counted: dict[str, float | list[float]] = field(default_factory=dict)

    def note(self, counted: Mapping[str, float | list[float]]) -> None:
        """Set counts; those of 0 are left out."""
        self.counted |= {name: count for name, count in counted.items() if count not in (0, [])}

    def add(self, evidence: Mapping[str, int]) -> None:
        """Add what a fault did to what its like did before."""
        for name, count in evidence.items():
            self.counted[name] = int(str(self.counted.get(name, 0))) + count

    def told(self) -> Told:
        """Return what the table says of it, in plain values: its test may have run in another process."""
        took_s = round(time.monotonic() - self.began, 1)
        return {
            "name": self.name,
            "broker": self.broker,
            "seed": self.seed,
            "took_s": took_s,
            "counted": self.counted,
        }


def rows_of(reports: Iterable[pytest.TestReport]) -> list[Told]:
    """Return the rows of a whole run by their numbers, and say of each whether its test passed."""
    told = list(reports)
    failed = {report.nodeid for report in told if report.failed}
    rows = [
        {**row, "passed": report.nodeid not in failed}
        for report in told
        if report.when == "teardown"
        for name, row in report.user_properties
        if name == "row" and isinstance(row, dict)
    ]
    return sorted(rows, key=lambda row: int(re.findall(r"\d+", row["name"])[0]))


def line_of(row: Told) -> str:
    """Return a row for people."""
    counts = ", ".join(f"{count} {name}" for name, count in row["counted"].items())
    ended = "ok" if row["passed"] else "FAILED"
    return f"{row['name']:<58}{ended:<7}{row['took_s']:>6} s  seed {row['seed']:<7} {counts}"


def write(rows: list[Told], path: Path) -> None:
    """Write rows as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1) + "\n")
