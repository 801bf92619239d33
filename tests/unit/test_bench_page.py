"""What is kept of a run, and the page that is made of several."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import report
from bench.claims import Claim, judge
from bench.figures import Figures
from bench.page import page
from bench.report import Report
from bench.scale import Scale

MACHINE: dict[str, str | int | None] = {
    "cores": 2,
    "processor": "a processor",
    "memory_mb": 2048,
    "system": "Linux",
    "python": "3.11",
    "rabbitmq": "3.10.8",
    "postgresql": "15",
}
CLAIMS = (Claim("row", "x/s", "ours", "theirs", least=2), Claim("row", "x/s", "ours", most=1500))


def run(*rounds: tuple[float, float]) -> Report:
    figures = Figures()
    for ours, theirs in rounds:
        figures.add("ours", {"x/s": ours, "µs an x": 1e6 / ours})
        figures.add("theirs", {"x/s": theirs})
    return Report(MACHINE, Scale(), figures, [found for claim in CLAIMS if (found := judge(claim, figures))])


def test_the_page_has_a_column_for_each_run_and_says_where_a_goal_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    runs = [run((1000, 500), (1200, 400), (900, 300)), run((1600, 1000))]
    kept = [one.write([])[0] for one in runs]
    assert kept[1].name == kept[0].name.replace(".json", "-2.json"), "the first is not overwritten"
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".svg"}
    lines = list(page([json.loads(path.read_text()) for path in kept]))
    assert "2 cores (a processor), 2 GB" in lines[0]
    assert lines[4:] == [
        "| ours, x/s | theirs | ≥ 2 x | 3.00 x (2.00-3.00) | 1.60 x (1.60-1.60) **no** |",
        "| ours, x/s | - | ≤ 1500 | 1,000 | 1,600 **no** |",
        "",
        "| processor time, of a core | of | run 1 | run 2 |",
        "| --- | --- | ---: | ---: |",
        "| µs an x | ours | 1,000 | 625 |",
    ]


def test_a_claim_that_a_run_did_not_measure_is_left_open() -> None:
    whole, part = run((1000, 500)), Report(MACHINE, Scale(), Figures(), [])
    results = [
        {
            "machine": MACHINE,
            "claims": [verdict.to_json() for verdict in one.verdicts],
            "figures": one.figures.to_json(),
        }
        for one in (whole, part)
    ]
    lines = [line for line in page(results) if "ours, " in line or "µs" in line]
    assert len(lines) == 3
    assert all(line.endswith(" | - |") for line in lines)
