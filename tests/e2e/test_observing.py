"""Prometheus over a real installation: it finds every series that the dashboard and the alerts ask for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pika
import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from dev.prometheus import Prometheus
from shared.messaging.topology import EVENTS
from support.console_server import ConsoleServer
from support.events import an_event
from support.installation import Installation
from support.observe import alerts, ask, configure, dashboard_queries, metrics_in, records
from support.polling import eventually

ONLY_OF_CLUSTERS = {"rabbitmq_unreachable_cluster_peers_count"}
"""RabbitMQ 3.10, which is no cluster here, does not tell it."""

ONLY_LATER = {
    "counterfoil_files_settled_seconds",
    *(f"counterfoil_spam_model_{one}" for one in ("number", "may_hold", "refreshed_seconds")),
}
"""The console tells the first once a first pass of the sweep has ended, hours from its start, and the others once there
is a model: after 200 labels."""

FIGURES = {
    "sum(counterfoil_submissions_accepted_total)": "20",
    'sum(counterfoil_submissions_refused_total{status="422"})': "1",
    "sum(counterfoil_submissions_stored_total)": "20",
    'counterfoil_deliveries_total{channel="email",outcome="sent"}': "20",
    'sum(counterfoil_parked_waiting{queue="storage.submissions.v1",reason="invalid"})': "1",
}


def store_of_files(place: Path) -> str:
    folder = place / "files"
    folder.mkdir(exist_ok=True)
    return folder.as_uri()


@pytest.fixture
def installation(tmp_path: Path, mortal_broker: Broker, mail_sink: MailSink) -> Iterator[Installation]:
    store = {"COUNTERFOIL_FILES_URL": store_of_files(tmp_path)}
    with Installation(
        tmp_path / "services", broker_url=mortal_broker.fresh_vhost(), smtp_url=mail_sink.url, settings=store
    ) as installation:
        yield installation


@pytest.fixture
def console(tmp_path: Path, installation: Installation) -> Iterator[ConsoleServer]:
    database, broker = installation.database_urls["storage"], installation.broker_url
    store = {"COUNTERFOIL_FILES_URL": store_of_files(tmp_path)}
    with ConsoleServer(tmp_path, database_url=database, broker_url=broker, **store) as console:
        yield console


@pytest.fixture
def prometheus(
    tmp_path: Path, mortal_broker: Broker, installation: Installation, console: ConsoleServer
) -> Iterator[str]:
    exporter = mortal_broker.export_metrics()
    url = installation.metrics_urls
    targets = {
        "gateway": [url["gateway"].removeprefix("http://")],
        "storage-service": [url["storage-0"].removeprefix("http://")],
        "console": [console.metrics_url.removeprefix("http://")],
        "notify-service": [url["notify-0"].removeprefix("http://")],
        "rabbitmq": [exporter],
        "rabbitmq-queues": [exporter],
    }
    configure(tmp_path / "prometheus", targets)
    with Prometheus(tmp_path / "prometheus") as server:
        yield server.url


def submit(installation: Installation) -> None:
    url = f"{installation.gateway_url}/f/signup"
    for number in range(20):
        values = {"name": "Ada", "email": f"ada{number}@example.org"}
        assert requests.post(url, json=values, timeout=10).status_code == 202
    assert requests.post(url, json={"name": "Ada"}, timeout=10).status_code == 422
    bad = pika.BasicProperties(type=an_event().TYPE, message_id="by hand")
    installation.queues.publish(EVENTS, an_event().TYPE, b"{not json", bad)


def test_every_query_and_every_rule_finds_what_it_asks_for(
    installation: Installation, console: ConsoleServer, prometheus: str
) -> None:
    eventually(lambda: len(ask(prometheus, "up == 1")) == 6, 30, "all targets are read")
    submit(installation)
    eventually(lambda: console.ask("/v1/submissions").json()["submissions"], 30, "an owner sees some of it")
    for query, expected in FIGURES.items():
        eventually(partial(is_at, expected, prometheus, query), 30, f"{query} is {expected}")
    known = set(requests.get(f"{prometheus}/api/v1/label/__name__/values", timeout=10).json()["data"])
    for title, query in dashboard_queries():
        assert metrics_in(query) - ONLY_LATER <= known, title
        if not query.endswith("> 0") and not metrics_in(query) & ONLY_LATER:
            eventually(partial(ask, prometheus, query), 20, f"{title}: {query} yields something")
    in_rules = {name for rule in (*alerts(), *records()) for name in metrics_in(rule["expr"])}
    assert in_rules - ONLY_OF_CLUSTERS - ONLY_LATER <= known
    eventually(lambda: evaluated(prometheus), 20, "every rule was evaluated without an error")
    eventually(lambda: firing(prometheus) == {"CounterfoilParked"}, 20, "the one alert that there is reason for")


def is_at(expected: str, prometheus: str, query: str) -> bool:
    result = ask(prometheus, query)
    return [one["value"][1] for one in result] == [expected]


def firing(prometheus: str) -> set[str]:
    return {alert["metric"]["alertname"] for alert in ask(prometheus, 'ALERTS{alertstate="firing"}')}


def evaluated(prometheus: str) -> bool:
    groups = requests.get(f"{prometheus}/api/v1/rules", timeout=10).json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    return len(rules) == len(alerts()) + len(records()) and all(rule["health"] == "ok" for rule in rules)
