"""Reads the files of `deploy/observe`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
import yaml

from support.service import ROOT

PLACE = ROOT / "deploy" / "observe"
DASHBOARD = PLACE / "grafana" / "counterfoil.json"


def dashboard_queries() -> list[tuple[str, str]]:
    """Return (panel's title, query) for all, over ten seconds where Grafana chooses the time."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [
        (panel["title"], target["expr"].replace("$__rate_interval", "10s"))
        for panel in panels
        for target in panel.get("targets", ())
    ]


def alerts() -> list[dict[str, Any]]:
    """Return the alert rules."""
    return _rules("alerts.yml")


def records() -> list[dict[str, Any]]:
    """Return the rules that record a figure."""
    return _rules("balance.yml")


def _rules(file: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((PLACE / file).read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def metrics_in(query: str) -> set[str]:
    """Return the names of the metrics that a query reads."""
    without_labels = re.sub(r"\bby \([^)]*\)", "", query)
    return set(re.findall(r"\b(?:counterfoil|rabbitmq|process)_\w+", without_labels))


def configure(directory: Path, targets: Mapping[str, Sequence[str]]) -> None:
    """Write our Prometheus configuration for these `host:port` by job, found without DNS and read every second.

    A job without any is left out.
    """
    document = yaml.safe_load((PLACE / "prometheus.yml").read_text())
    document["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    document["scrape_configs"] = [job for job in document["scrape_configs"] if job["job_name"] in targets]
    for job in document["scrape_configs"]:
        job.pop("dns_sd_configs", None)
        job["static_configs"] = [{"targets": [*targets[job["job_name"]]]}]
    directory.mkdir(parents=True)
    (directory / "prometheus.yml").write_text(yaml.safe_dump(document))
    for file in document["rule_files"]:
        (directory / file).write_text((PLACE / file).read_text())


def ask(url: str, query: str) -> list[Any]:
    """Return what a query yields; fails where Prometheus cannot evaluate it."""
    answer = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=10).json()
    assert answer["status"] == "success", f"{query}: {answer}"
    result: list[Any] = answer["data"]["result"]
    return result
