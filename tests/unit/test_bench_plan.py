"""The plan past one machine: its arithmetic, and the page it prints."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.capacity import Costs, Sizes, costs_of, plan, walls
from bench.figures import Figures
from bench.plan import main

COSTS = Costs(
    gateway_us=600,
    broker_us=200,
    storage_us=60,
    notify_us=3000,
    storage_database_us=50,
    notify_database_us=400,
    queue_per_s=10_000,
    storage_per_s=15_000,
    notify_per_s=300,
    stored_bytes=1000,
)
SIZES = Sizes(broker_cores=8, database_cores=16)


def test_a_rate_needs_as_many_of_each_as_keep_it_three_fifths_busy() -> None:
    found = plan(10_000, COSTS, SIZES)
    assert found.gateway_workers == 10  # 10,000 x 600 us = 6 cores, at 60 %
    assert found.storage_replicas == 2  # 10,000 of 15,000 x 60 %
    assert found.notify_replicas == 56
    assert found.shards == 2
    assert found.broker_nodes == 3  # 10,000 x 200 us x 3 = 6 cores, at 60 % 10, on nodes of 8; a quorum needs three
    assert (found.storage_databases, found.notify_databases) == (1, 1)
    assert found.disk_gb_a_day == 864


def test_what_a_rate_needs_grows_with_it_and_never_falls_below_one_and_a_quorum() -> None:
    least, most = plan(1, COSTS, SIZES), plan(100_000, COSTS, SIZES)
    assert (least.gateway_workers, least.storage_replicas, least.shards, least.broker_nodes) == (1, 1, 1, 3)
    assert (most.gateway_workers, most.shards, most.broker_nodes) == (100, 17, 13)


def test_the_first_wall_is_the_lowest() -> None:
    found = walls(COSTS, SIZES)
    assert [wall.rate_per_s for wall in found] == sorted(wall.rate_per_s for wall in found)
    assert found[0].rate_per_s == 6_000
    assert "quorum queue" in found[0].what


MEASURED: dict[str, dict[str, float]] = {
    "counterfoil": {"server µs an accept": 600, "broker µs an accept": 120},
    "one replica": {
        "broker µs a stored": 30,
        "broker µs a mail": 50,
        "storage µs a stored": 60,
        "notify µs a mail": 3000,
        "database µs a stored": 50,
        "database µs a mail": 400,
        "stored/s": 15_000,
        "mails/s": 300,
        "bytes a row": 1000,
    },
    "the broker alone, pipelined": {"accepts/s": 10_000},
}


def results(directory: Path, measured: dict[str, dict[str, float]]) -> Path:
    figures = Figures()
    for subject, values in measured.items():
        figures.add(subject, values)
    path = directory / "results.json"
    path.write_text(json.dumps({"figures": figures.to_json()}))
    return path


def test_the_costs_of_a_run_are_read_and_the_broker_pays_for_accepting_and_delivering() -> None:
    medians = {(metric, subject): value for subject, values in MEASURED.items() for metric, value in values.items()}
    assert costs_of(medians) == COSTS


def test_the_page_reads_a_run_and_takes_what_is_given_instead(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(results(tmp_path, dict(MEASURED)))
    assert main([path]) == 0
    assert "| gateway workers, a core each | 1 | 10 | 100 |" in capsys.readouterr().out
    assert main([path, "--gateway-us", "60"]) == 0
    assert "| gateway workers, a core each | 1 | 1 | 10 |" in capsys.readouterr().out


def test_the_page_needs_no_run_where_every_cost_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    given = [part for name, value in asdict(COSTS).items() for part in (f"--{name.replace('_', '-')}", str(value))]
    assert main(given) == 0
    assert "| 6,000/s | one quorum queue" in capsys.readouterr().out


def test_a_cost_that_is_nowhere_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = {name: values for name, values in MEASURED.items() if name != "counterfoil"}
    assert main([str(results(tmp_path, part))]) == 2
    assert "server µs an accept" in capsys.readouterr().err
    assert main(["--gateway-us", "600"]) == 2
    assert "--broker-us" in capsys.readouterr().err
