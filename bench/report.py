"""The figures, as a table to read and as a file to keep."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.queues import as_json

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True)
class Figure:
    """What one round measured."""

    per_s: float
    p99_ms: float | None = None


@dataclass(slots=True)
class Series:
    """The rounds of one contestant."""

    name: str
    unit: str
    rounds: list[Figure] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        """Add a round."""
        self.rounds.append(figure)

    @property
    def median_per_s(self) -> float:
        """The median over the rounds."""
        return median(figure.per_s for figure in self.rounds)

    @property
    def median_p99_ms(self) -> float | None:
        """The median of the rounds' 99th percentiles, where there are any."""
        found = [figure.p99_ms for figure in self.rounds if figure.p99_ms is not None]
        return median(found) if found else None


def table(series: list[Series]) -> str:
    """Return a table: the median of each, its spread, and how many times it ours (the first) is as fast."""
    ours = series[0].median_per_s
    lines = [f"{series[0].unit:<36}{'median':>9}{'least':>9}{'most':>9}{'p99 ms':>9}{'ours is':>10}"]
    for each in series:
        speeds = [figure.per_s for figure in each.rounds]
        p99 = f"{each.median_p99_ms:.0f}" if each.median_p99_ms is not None else "-"
        times = f"{ours / each.median_per_s:.2f} x"
        lines.append(
            f"{each.name:<36}{each.median_per_s:>9.0f}{min(speeds):>9.0f}{max(speeds):>9.0f}{p99:>9}{times:>10}"
        )
    return "\n".join(lines)


def write_results(claims: dict[str, list[Series]], parameters: dict[str, Any]) -> Path:
    """Write all figures to `bench/results/<date>.json` and return its path."""
    RESULTS.mkdir(exist_ok=True)
    moment = datetime.now(UTC)
    path = RESULTS / f"{moment:%Y-%m-%d}.json"
    claims_out = {
        claim: [asdict(each) | {"median_per_s": each.median_per_s} for each in found] for claim, found in claims.items()
    }
    path.write_text(
        as_json(
            {"measured_at": moment.isoformat(), "machine": machine(), "parameters": parameters, "claims": claims_out}
        )
    )
    return path


def machine() -> dict[str, str | int | None]:
    """Return what the figures depend on; load generator, servers and broker share these cores."""
    return {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()}
