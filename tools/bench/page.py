"""`python -m bench.page tools/bench/results/<date>.json …` writes the claims of several runs as Markdown."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.machine import in_words

Result = Mapping[str, Any]
"""What a run of `make bench` wrote."""


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("results", nargs="+", type=Path, help="what runs of `make bench` wrote, a column each")
    given = parser.parse_args()
    print("\n".join(page([json.loads(path.read_text()) for path in given.results])))


def page(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines: the machine of the first run, then each claim of it with its ratio in every run, then costs.

    In brackets stands the spread over a run's rounds, before them the median of ours where nothing stands beside it.
    """
    yield in_words(results[0]["machine"])
    yield ""
    names = " | ".join(f"run {number}" for number, _ in enumerate(results, 1))
    yield f"| ours | against | goal | {names} |"
    yield "| --- | --- | --- |" + " ---: |" * len(results)
    tables = [{_key(claim): claim for claim in result["claims"]} for result in results]
    for key, claim in tables[0].items():
        peer = ("limit: " if claim["is_limit"] else "") + (claim["peer"] or "-")
        runs = " | ".join(_cell(table.get(key)) for table in tables)
        yield f"| {claim['ours']}, {claim['metric']} | {peer} | {claim['goal']} | {runs} |"
    yield from ("", f"| processor time, of a core | of | {names} |", "| --- | --- |" + " ---: |" * len(results))
    costs = [{(each["metric"], each["subject"]): each["rounds"] for each in result["figures"]} for result in results]
    for metric, subject in filter(_is_cost, costs[0]):
        runs = " | ".join(_median(cost.get((metric, subject))) for cost in costs)
        yield f"| {metric} | {subject} | {runs} |"


def _is_cost(figure: tuple[str, str]) -> bool:
    return "µs" in figure[0]


def _median(rounds: Sequence[float] | None) -> str:
    return _number(median(rounds)) if rounds else "-"


def _key(claim: Mapping[str, Any]) -> tuple[str, str, str | None]:
    return claim["metric"], claim["ours"], claim["peer"]


def _cell(claim: Mapping[str, Any] | None) -> str:
    if claim is None:
        return "-"
    if claim["ratio"] is None:
        return f"{_number(claim['figure'])}{_word(claim)}"
    ratio, least, most = (_number(value) for value in claim["ratio"])
    return f"{ratio} x ({least}-{most}){_word(claim)}"


def _word(claim: Mapping[str, Any]) -> str:
    return " **no**" if claim["holds"] is False else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 10 else f"{value:.2f}"


if __name__ == "__main__":
    main()
