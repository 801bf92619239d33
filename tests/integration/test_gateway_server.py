"""The gateway as a process, over real sockets and a real broker."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import requests

from dev.processes import free_port, is_alive, send
from shared.contracts import Confirmation, ConfirmationChanged, SubmissionAccepted, SubmissionsStored, decode
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import STORAGE
from support.brokers import looker
from support.gateway_server import Server
from support.polling import eventually
from support.queues import Queues


@pytest.fixture
def server(tmp_path: Path, broker_url: str) -> Iterator[Server]:
    with Server(tmp_path, broker_url) as gateway:
        yield gateway


def test_what_is_accepted_lies_on_the_queue(server: Server, broker_url: str) -> None:
    answer = server.post()
    assert answer.status_code == 202
    assert Queues(broker_url).depth(STORAGE.name) == 1


@pytest.mark.parametrize(("hops", "ip"), [("0", "127.0.0.1"), ("1", "203.0.113.9"), ("2", "198.51.100.1")])
def test_who_sends_it_is_what_the_last_trusted_proxies_said(
    tmp_path: Path, broker_url: str, hops: str, ip: str
) -> None:
    gateway = Server(tmp_path, broker_url, COUNTERFOIL_TRUSTED_HOPS=hops)
    gateway.start()
    try:
        gateway.await_ready()
        body = b'{"name": "Ada", "email": "ada@example.org"}'
        forwarded = [b"192.0.2.66", b"198.51.100.1", b"203.0.113.9"]  # the first one forged, each in a line of its own
        headers = [b"POST /f/signup HTTP/1.1", b"Host: x", b"Connection: close", b"Content-Type: application/json"]
        headers += [b"Content-Length: %d" % len(body), *(b"X-Forwarded-For: " + one for one in forwarded)]
        assert b" 202 " in gateway.answer_to(b"\r\n".join([*headers, b"", body]))
        [message] = looker(broker_url)(STORAGE.name)
        assert decode(message.body, type=message.type, types=(SubmissionAccepted,)).source.ip == ip
    finally:
        gateway.kill()


def test_a_stream_tells_what_services_announce(server: Server, broker_url: str) -> None:
    accepted = server.post().json()
    announcer = RabbitMQ(broker_url, name="test").announcer()
    at = datetime(2026, 11, 22, tzinfo=UTC)
    stored = SubmissionsStored((UUID(accepted["id"]),), at)
    sent = ConfirmationChanged(UUID(accepted["id"]), Confirmation("email", "sent", 1, at))
    with requests.get(f"{accepted['receipt_url']}/events", stream=True, timeout=20) as stream:
        states = []
        for line in stream.iter_lines(chunk_size=1):
            if line.startswith(b"data:"):
                states.append(line.partition(b'"state":"')[2].partition(b'"')[0])
                announcer.announce(stored if len(states) == 1 else sent)
    announcer.close()
    assert states == [b"accepted", b"stored", b"confirmed"]


@pytest.mark.parametrize("chunks", [0, 3])
def test_a_client_that_goes_away_from_a_stream_makes_room(tmp_path: Path, broker_url: str, chunks: int) -> None:
    gateway = Server(tmp_path, broker_url, module="tests.support.crowded_gateway")
    gateway.start()
    try:
        gateway.await_ready()
        path = gateway.post().json()["receipt_url"].removeprefix(gateway.url) + "/events"
        eventually(lambda: gateway.leaves_stream(path, chunks), 10, "the only place is taken, and left")
        assert gateway.answers("/readyz")
        eventually(lambda: gateway.leaves_stream(path, chunks), 10, "the place is free again")
        assert gateway.stop(timeout_s=8) == 0
    finally:
        if gateway.is_running():
            gateway.kill()


def test_a_client_that_goes_away_in_mid_body_has_submitted_nothing(server: Server, broker_url: str) -> None:
    head = b"POST /f/open HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    for broken in (b"Content-Length: 9\r\n\r\na=b", b"Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n"):
        with server.connect() as connection:
            connection.sendall(head + broken)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65536)
    assert server.post().status_code == 202
    assert Queues(broker_url).depth(STORAGE.name) == 1


def test_a_stop_ends_open_streams_and_exits_0(server: Server) -> None:
    url = server.post().json()["receipt_url"]
    with requests.get(f"{url}/events", stream=True, timeout=20) as stream:
        lines = stream.iter_lines(chunk_size=1)
        assert next(lines) == b"retry: 3000"
        assert server.stop(timeout_s=8) == 0
        assert b"event: receipt" in list(lines)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_every_process_at_once_exits_0(server: Server, sign: signal.Signals) -> None:
    send([server.pid, *server.workers()], sign)
    assert server.wait(timeout_s=8) == 0


def test_a_killed_worker_is_replaced(server: Server) -> None:
    [worker] = server.workers()
    send([worker], signal.SIGKILL)
    eventually(lambda: server.answers("/readyz") and server.workers() != [worker], 20, "another worker answers")
    assert server.post().status_code == 202


def test_workers_end_with_their_parent(server: Server) -> None:
    workers = server.workers()
    send([server.pid], signal.SIGKILL)
    eventually(lambda: not any(map(is_alive, workers)), 15, "the workers have ended")


def test_without_a_broker_503_within_the_deadline(tmp_path: Path) -> None:
    gateway = Server(tmp_path, f"amqp://counterfoil:pw@127.0.0.1:{free_port()}/")
    gateway.start()
    try:
        eventually(lambda: gateway.answers("/livez"), 30, "the gateway lives")
        answer = gateway.post()
        assert answer.status_code == 503
        assert answer.elapsed.total_seconds() < 4
        assert int(answer.headers["Retry-After"]) > 0
        ready = requests.get(f"{gateway.url}/readyz", timeout=5)
        assert ready.status_code == 503
        assert "broker" in ready.json()["missing"][0]
        with gateway.connect() as connection:
            kind = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n"
            connection.sendall(b"POST /f/open HTTP/1.1\r\nHost: x\r\n" + kind + b"\r\na=b")
            assert gateway.answers("/livez")  # asked later: the post is in hand by now
            assert gateway.answers("/livez")
            assert gateway.stop() == 0
            assert connection.recv(65536).split(b" ")[1] == b"503"  # what was in hand was answered
    finally:
        if gateway.is_running():
            gateway.kill()


def test_a_busy_port_is_named(server: Server, tmp_path: Path, broker_url: str) -> None:
    second = Server(tmp_path, broker_url, COUNTERFOIL_BIND=f"127.0.0.1:{server.port}")
    second.start()
    assert second.wait(timeout_s=20) == 2
    assert f"COUNTERFOIL_BIND: cannot listen at 127.0.0.1:{server.port}" in second.tail()


def test_an_address_that_its_own_metrics_have_is_named(tmp_path: Path, broker_url: str) -> None:
    gateway = Server(tmp_path, broker_url)
    gateway.start(COUNTERFOIL_METRICS_BIND=f"127.0.0.1:{gateway.port}")
    assert gateway.wait(timeout_s=20) == 2
    assert f"COUNTERFOIL_BIND: cannot listen at 127.0.0.1:{gateway.port}" in gateway.tail()


def test_wrong_settings_are_all_named(tmp_path: Path, broker_url: str) -> None:
    wrong = {"COUNTERFOIL_SECRET": "", "COUNTERFOIL_WORKERS": "none", "COUNTERFOIL_BIND": "nowhere"}
    gateway = Server(tmp_path, broker_url, **wrong)
    gateway.start()
    assert gateway.wait(timeout_s=20) == 2
    assert all(name in gateway.tail() for name in wrong)
