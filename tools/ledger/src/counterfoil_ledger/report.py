"""Prints the progress of a run, and the closing table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from counterfoil_ledger.load import LoadClient
from counterfoil_ledger.records import Ledger, Outcome
from counterfoil_ledger.verdict import Finding, Verdict

NAMED = 50
REFRESH_S = 0.5
LINE_EVERY_S = 5.0

OUTCOMES: tuple[Outcome, ...] = ("acked", "rejected", "unknown")


def follow(client: LoadClient, ledger: Ledger, total: int, console: Console) -> None:
    """Show how far a load is until it is through: a bar on a terminal, else a line every five seconds."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    said = time.monotonic()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=total)
        while client.is_running():
            client.join(REFRESH_S)
            entries = ledger.snapshot()
            done = sum(entry.outcome != "unknown" for entry in entries)
            bar.update(task, completed=done, description=outcomes(ledger))
            if not console.is_terminal and time.monotonic() - said > LINE_EVERY_S:
                said = time.monotonic()
                console.print(f"{len(entries)} of {total} sent: {outcomes(ledger)}")


class Waiting:
    """Says what is waited for: beside a spinner on a terminal, else in a line every five seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("asking")
        self._spoke = 0.0
        self.said = ""

    def say(self, words: str) -> None:
        """Say what it is just now."""
        self.said = words
        self._status.update(words)
        if not self._console.is_terminal and time.monotonic() - self._spoke > LINE_EVERY_S:
            self._spoke = time.monotonic()
            self._console.print(words, soft_wrap=True)

    def __enter__(self) -> Waiting:
        self._status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._status.stop()


def outcomes(ledger: Ledger) -> str:
    """Return how many submissions have which outcome, in words."""
    return ", ".join(f"{ledger.count(outcome)} {outcome}" for outcome in OUTCOMES)


def print_verdict(verdict: Verdict, console: Console) -> None:
    """Print the counts, the table of I1 to I9, and the ids that contradict them."""
    console.print(", ".join(f"{count} {name}" for name, count in verdict.counts.items() if count or name == "acked"))
    table = Table("invariant", "", "", header_style="bold")
    for finding in verdict.findings:
        why = "named below" if finding.culprits else finding.not_asked or ""
        table.add_row(finding.invariant, f"[{_colour(finding)}]{finding.says}[/]", why)
    console.print(table)
    for finding in filter(lambda each: each.culprits, verdict.findings):
        print_names(f"not so: {finding.invariant}", finding.culprits, console)
    console.print(verdict.conclusion, style="green" if verdict.ok else "bold red")


def print_names(what: str, names: Sequence[str], console: Console) -> None:
    """Print names below a line that says what they are, the first fifty."""
    rest = [f"and {len(names) - NAMED} more"] if len(names) > NAMED else []
    console.print(what, *names[:NAMED], *rest, sep="\n  ", soft_wrap=True, markup=False)


def _colour(finding: Finding) -> str:
    return "bold red" if finding.culprits else "dim" if finding.not_asked else "green"
