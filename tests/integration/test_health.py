"""What the services say about themselves, each at an address of its own."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from dev.processes import freeze, send
from shared.contracts import Announcement, SubmissionsStored
from shared.messaging.rabbitmq import RabbitMQ
from support.gateway_server import GOOD
from support.installation import Installation
from support.metrics import scrape
from support.polling import eventually
from support.registry import await_written_down


@pytest.fixture
def installation(tmp_path: Path, mortal_broker: Broker, mail_sink: MailSink) -> Iterator[Installation]:
    with Installation(
        tmp_path, broker_url=mortal_broker.fresh_vhost(), smtp_url=mail_sink.url, workers=2
    ) as installation:
        await_written_down(mortal_broker, installation.broker_url)
        yield installation


def told(url: str, path: str) -> tuple[int, dict[str, Any]]:
    answer = requests.get(url + path, timeout=5)
    return answer.status_code, answer.json()


def all_told(installation: Installation, path: str) -> dict[str, int]:
    return {name: told(url, path)[0] for name, url in installation.metrics_urls.items()}


def figures(url: str) -> tuple[float, float]:
    seen = scrape(url)
    return seen.value("counterfoil_submissions_accepted_total"), seen.value("counterfoil_gateway_workers")


def test_what_misses_its_broker_is_not_ready_and_lives(installation: Installation, mortal_broker: Broker) -> None:
    ready, away = dict.fromkeys(installation.metrics_urls, 200), dict.fromkeys(installation.metrics_urls, 503)
    eventually(lambda: all_told(installation, "/readyz") == ready, 20, "all are ready")
    mortal_broker.kill()
    eventually(lambda: all_told(installation, "/readyz") == away, 20, "none is ready")
    for url in installation.metrics_urls.values():
        assert "broker" in told(url, "/readyz")[1]["missing"][0]
    assert all_told(installation, "/livez") == ready
    mortal_broker.start()
    eventually(lambda: all_told(installation, "/readyz") == ready, 40, "all are ready again")


def test_a_gateway_speaks_for_the_workers_that_live(installation: Installation) -> None:
    url = installation.metrics_urls["gateway"]
    first, second = installation.gateway.workers()
    eventually(lambda: told(url, "/readyz") == (200, {"ok": True, "missing": []}), 20, "it is ready")
    for _ in range(20):
        assert requests.post(f"{installation.gateway_url}/f/signup", json=GOOD, timeout=10).status_code == 202
    eventually(lambda: figures(url) == (20.0, 2.0), 10, "every submission and both workers are counted")
    freeze([second])
    eventually(lambda: told(url, "/livez")[0] == 503, 30, "a frozen worker is noticed")
    [stuck] = told(url, "/livez")[1]["stuck"]
    assert stuck.startswith(f"worker {second}: silent for ")
    send([second], signal.SIGKILL)
    eventually(lambda: told(url, "/livez") == (200, {"ok": True, "stuck": []}), 20, "it is forgotten")
    eventually(lambda: len(set(installation.gateway.workers()) - {first}) == 1, 20, "another worker runs")
    assert told(url, "/readyz")[0] == 200
    eventually(lambda: figures(url) == (20.0, 2.0), 10, "its counts outlive it, and its gauges do not")


def test_an_address_that_is_taken_is_named(installation: Installation) -> None:
    taken = installation.metrics_urls["gateway"].removeprefix("http://")
    for service in (installation.storage[0], installation.notify[0]):
        assert service.stop() == 0
        service.start(COUNTERFOIL_METRICS_BIND=taken)
        assert service.wait(timeout_s=30) == 2
        assert f"COUNTERFOIL_METRICS_BIND: cannot listen at {taken}: Address already in use" in service.tail()
    assert installation.gateway.stop() == 0
    with socket.create_server(("127.0.0.1", int(taken.rpartition(":")[2]))):
        installation.gateway.start()
        assert installation.gateway.wait(timeout_s=30) == 2
    assert f"COUNTERFOIL_METRICS_BIND: cannot listen at {taken}: Address already in use" in installation.gateway.tail()


def test_a_connection_whose_thread_does_not_turn_is_stuck(broker_url: str) -> None:
    release = threading.Event()
    broker = RabbitMQ(broker_url, name="test")

    def block(_: Announcement) -> None:
        release.wait()

    watch, announcer = broker.watch(block), broker.announcer()
    stored = SubmissionsStored((UUID(int=1),), datetime.now(UTC))

    def stuck() -> list[str]:
        announcer.announce(stored)
        return watch._link.stuck(after_s=2.5)

    try:
        assert eventually(stuck, 20, "it is stuck")[0].startswith("test watch: its thread has not turned for ")
        assert announcer._link.stuck(after_s=2.5) == []
    finally:
        release.set()
    eventually(lambda: not watch._link.stuck(after_s=2.5), 20, "it turns again")
    watch.close()
    announcer.close()
