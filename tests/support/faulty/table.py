"""The table of what each row counted: printed at the end of a run, and kept as JSON for whoever cites it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Row:
    """One test of a row: its seed, and what it counted."""

    name: str
    seed: int
    began: float = field(default_factory=time.monotonic)
    passed: bool = False
    took_s: float = 0.0
    counted: dict[str, float | list[float]] = field(default_factory=dict)

    def note(self, counted: Mapping[str, float | list[float]]) -> None:
        """Set counts; those of 0 are left out."""
        self.counted |= {name: count for name, count in counted.items() if count not in (0, [])}

    def add(self, evidence: Mapping[str, int]) -> None:
        """Add what a fault did to what its like did before."""
        for name, count in evidence.items():
            self.counted[name] = int(str(self.counted.get(name, 0))) + count

    def finish(self, *, passed: bool) -> None:
        """Say how it ended."""
        self.passed = passed
        self.took_s = round(time.monotonic() - self.began, 1)


@dataclass
class Table:
    """All rows of a run."""

    broker: str = ""
    rows: list[Row] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return it for people."""
        return [
            f"{row.name:<58}{'ok' if row.passed else 'FAILED':<7}{row.took_s:>6} s  seed {row.seed:<7} "
            + ", ".join(f"{count} {name}" for name, count in row.counted.items())
            for row in self.rows
        ]

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [{name: value for name, value in asdict(row).items() if name != "began"} for row in self.rows]
        path.write_text(json.dumps({"broker": self.broker, "rows": rows}, indent=1) + "\n")
