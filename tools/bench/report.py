"""Prints the table of results, and writes the file that is kept."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.chart import bars
from bench.claims import Verdict, goal_of
from bench.figures import Figures, Summary
from bench.machine import in_words
from bench.scale import Scale

RESULTS = Path(__file__).with_name("results")

WIDTH = 96
"""Characters that the table has at least, also where the terminal has fewer."""

_WORDS = {True: "[green]yes[/]", False: "[bold red]no[/]", None: ""}


@dataclass(frozen=True, slots=True)
class Report:
    """One run: where it was measured, at which scale, what came of it."""

    machine: Mapping[str, str | int | None]
    scale: Scale
    figures: Figures
    verdicts: Sequence[Verdict]

    def print(self) -> None:
        """Print the machine and the table."""
        console = Console(highlight=False)
        console.width = max(console.width, WIDTH)
        console.print(f"\n{in_words(self.machine)}", soft_wrap=True)
        console.print("Load, servers, broker and database share these cores: the ratios count, not the figures.")
        console.print(_table(self.verdicts))

    def write(self, rows: Sequence[str]) -> list[Path]:
        """Write figures and verdicts to `tools/bench/results/<date>.json` and draw them beside it; return both paths.

        `rows` are those that were asked for, and stand in the file's name; none is all of them. A second run of the
        day ends in `-2`: none is overwritten.
        """
        RESULTS.mkdir(exist_ok=True)
        moment = datetime.now(UTC)
        path = _unused("-".join([f"{moment:%Y-%m-%d}", *rows]))
        drawing = path.with_suffix(".svg")
        document = {
            "measured_at": moment.isoformat(timespec="seconds"),
            "machine": dict(self.machine),
            "scale": asdict(self.scale),
            "figures": self.figures.to_json(),
            "claims": [verdict.to_json() for verdict in self.verdicts],
        }
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        drawing.write_text(bars(self.verdicts))
        return [path, drawing]


def _unused(stem: str) -> Path:
    numbered = (RESULTS / f"{stem}{f'-{number}' if number > 1 else ''}.json" for number in itertools.count(1))
    return next(path for path in numbered if not path.exists())


def _table(verdicts: Sequence[Verdict]) -> Table:
    """Return a table with a line for each figure of ours, and below it one for each that it stands beside."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("claim", no_wrap=True)
    for name in ("median", "ratio", "spread", "goal", "holds"):
        table.add_column(name, justify="right", no_wrap=True)
    before = ("", "")
    for verdict in verdicts:
        claim = verdict.claim
        if (claim.metric, claim.ours) != before:
            before = (claim.metric, claim.ours)
            table.add_row()
            table.add_row(f"[bold]{claim.ours}, {claim.metric}[/]", _number(verdict.figure), *_alone(verdict))
        if verdict.beside is not None:
            table.add_row(*_beside(verdict, verdict.beside))
    return table


def _alone(verdict: Verdict) -> tuple[str, ...]:
    if verdict.beside is not None:
        return ("", f"{verdict.figure.least:,.0f}-{verdict.figure.most:,.0f}", "", "")
    return (
        "",
        f"{verdict.judged.least:,.0f}-{verdict.judged.most:,.0f}",
        goal_of(verdict.claim),
        _WORDS[verdict.holds],
    )


def _beside(verdict: Verdict, beside: Summary) -> tuple[str, ...]:
    claim, ratio = verdict.claim, verdict.judged
    return (
        f"  {'limit: ' if claim.is_limit else ''}{claim.peer}",
        _number(beside),
        f"{ratio.median:.2f} x",
        f"{ratio.least:.2f}-{ratio.most:.2f}",
        goal_of(claim),
        _WORDS[verdict.holds],
    )


def _number(found: Summary) -> str:
    return f"{found.median:,.0f}"
