"""The alert rules do what they say, and lead to what is to be done; the dashboard holds together."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest

from dev.programs import prometheus
from shared.messaging.topology import QUEUES, WORK_QUEUES
from support.observe import DASHBOARD, PLACE, alerts, dashboard_queries, records
from support.pace import stretched_s
from support.service import ROOT


def promtool(*arguments: str) -> str:
    done = subprocess.run(
        [prometheus("promtool"), *arguments], cwd=PLACE, capture_output=True, text=True, timeout=stretched_s(60)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_alert_fires_when_it_should_and_not_before() -> None:
    promtool("check", "config", "prometheus.yml")
    tests = sorted(path.name for path in PLACE.glob("*_test.yml"))
    promtool("test", "rules", *tests)
    tested = "".join((PLACE / name).read_text() for name in tests)
    assert {rule["alert"] for rule in alerts() if rule["alert"] not in tested} == set()
    assert {rule["record"] for rule in records() if rule["record"] not in tested} == set()


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_where_it_stands_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"]
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert anchor == rule["alert"].lower()


QUEUE_CHOICE = re.compile(r'rabbitmq_detailed_queue_(?:consumers|messages)\{queue=~"(storage[^"]+[|]notify[^"]+)"')
"""Which queues a query is about, where it is about those of both services."""


@pytest.mark.parametrize("name", ["CounterfoilNoConsumer", "CounterfoilBacklogGrows", "the dashboard"])
def test_every_queue_of_work_is_watched_and_no_other(name: str) -> None:
    """A delay level or a parked queue has no consumer, or waits on purpose."""
    queries = [query for _, query in dashboard_queries()]
    rules = {rule["alert"]: [rule["expr"]] for rule in alerts()} | {"the dashboard": queries}
    chosen = [pattern for query in rules[name] for pattern in QUEUE_CHOICE.findall(query)]
    assert chosen
    for pattern in chosen:
        found = {queue.name for queue in QUEUES if re.fullmatch(pattern, queue.name)}
        assert found == {work.name for work in WORK_QUEUES}


def test_no_two_panels_lie_on_each_other() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    taken = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23
    assert len({panel["id"] for panel in panels}) == len(panels)
