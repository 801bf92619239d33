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
from shared.contracts import Confirmation, ConfirmationChanged, SubmissionsStored
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import STORAGE
from support.polling import eventually
from support.queues import Queues
from support.service import Service

GOOD = {"name": "Ada Lovelace", "email": "ada@example.org"}
FORMS = """
[forms.signup]
fields.name = {type = "text", required = true}
fields.email = {type = "email", required = true}
[forms.open]
"""


class Server(Service):
    """A gateway process, its address, and sockets to it."""

    def __init__(self, directory: Path, broker_url: str, module: str = "gateway", **settings: str) -> None:
        forms = directory / "forms.toml"
        forms.write_text(FORMS, encoding="utf-8")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        given = {
            "COUNTERFOIL_BIND": f"127.0.0.1:{self.port}",
            "COUNTERFOIL_WORKERS": "1",
            "COUNTERFOIL_BROKER_URL": broker_url,
            "COUNTERFOIL_FORMS": str(forms),
            "COUNTERFOIL_SECRET": "a secret of the tests, longer than thirty-two characters",
            "COUNTERFOIL_MAX_BODY_BYTES": "65536",
        }
        super().__init__("gateway", module, given | settings, directory / "gateway.log")

    def post(self) -> requests.Response:
        return requests.post(f"{self.url}/f/signup", json=GOOD, timeout=10)

    def answers(self, path: str, status: int = 200) -> bool:
        try:
            return requests.get(self.url + path, timeout=5).status_code == status
        except requests.RequestException:
            return False

    def await_ready(self) -> None:
        eventually(lambda: self.answers("/readyz"), 30, "the gateway is ready")

    def leaves_stream(self, path: str, chunks: int) -> bool:
        """Begin a stream and leave it after some chunks; while it is open nobody else may watch."""
        with requests.get(self.url + path, stream=True, timeout=5) as stream:
            taken = stream.status_code == 200
            if taken:
                assert self.answers(path, status=503)
                for _, _ in zip(range(chunks), stream.iter_content(None), strict=False):
                    pass
            return taken

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def answer_to(self, request: bytes) -> bytes:
        """Return everything that is answered to these bytes until the server closes the connection."""
        with self.connect() as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture
def server(tmp_path: Path, broker_url: str) -> Iterator[Server]:
    gateway = Server(tmp_path, broker_url)
    gateway.start()
    gateway.await_ready()
    yield gateway
    if gateway.is_running():
        gateway.kill()
    print(gateway.tail())


def test_what_is_accepted_lies_on_the_queue(server: Server, broker_url: str) -> None:
    answer = server.post()
    assert answer.status_code == 202
    assert Queues(broker_url).depth(STORAGE.name) == 1


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


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (b"Content-Length: 99999999", b"a=b", b"413"),
        (b"Content-Length: 3\r\nContent-Length: 4", b"a=b", b"400"),
        (b"Content-Length: x", b"a=b", b"400"),
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked", b"3\r\na=b\r\n0\r\n\r\n", b"413"),
    ],
)
def test_a_body_of_doubtful_length_is_refused_and_the_connection_closed(
    server: Server, headers: bytes, body: bytes, status: bytes
) -> None:
    kind = b"Content-Type: application/x-www-form-urlencoded"
    answer = server.answer_to(b"POST /f/open HTTP/1.1\r\nHost: x\r\n" + kind + b"\r\n" + headers + b"\r\n\r\n" + body)
    assert answer.split(b" ")[1] == status  # and it ended: `answer_to` reads until the connection is closed


def test_two_keys_on_the_wire_are_400(server: Server) -> None:
    keys = b"Idempotency-Key: a\r\nIdempotency-Key: b\r\nConnection: close\r\n"
    kind = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n"
    answer = server.answer_to(b"POST /f/open HTTP/1.1\r\nHost: x\r\n" + keys + kind + b"\r\na=b")
    assert answer.split(b" ")[1] == b"400"


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


def test_wrong_settings_are_all_named(tmp_path: Path, broker_url: str) -> None:
    wrong = {"COUNTERFOIL_SECRET": "", "COUNTERFOIL_WORKERS": "none", "COUNTERFOIL_BIND": "nowhere"}
    gateway = Server(tmp_path, broker_url, **wrong)
    gateway.start()
    assert gateway.wait(timeout_s=20) == 2
    assert all(name in gateway.tail() for name in wrong)


def test_nothing_that_was_typed_is_logged(server: Server) -> None:
    canary = {"name": "Canary Lovelace", "email": "canary@example.org"}
    for values in (canary, {**canary, "email": "canary@"}, {"canary": "x"}):
        requests.post(f"{server.url}/f/signup", data=values, timeout=10)
    requests.post(f"{server.url}/f/signup", data="canary", headers={"Content-Type": "application/json"}, timeout=10)
    assert server.stop() == 0
    assert "canary" not in server.log.read_text(encoding="utf-8").lower()
