"""Slow headers, slow bodies, 1,300 at once: others are unaffected."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import requests

from dev.broker import Broker
from gateway.http.bodies import BODIES_MOST
from shared.messaging.topology import STORAGE
from support.faulty.of_services import Starved
from support.gateway_server import CrowdedServer, Server
from support.pace import stretched_s
from support.polling import eventually
from support.queues import Queues
from support.raw_http import a_post, answer_of

MANY = 500
FLOOD = 1300
ELSEWHERE = "127.0.0.2"
UNAFFECTED_S = 2.0

UNENDED = {
    "nothing": b"",
    "half a header": b"POST /f/open HTTP/1.1\r\nHost: x\r\nX-",
    "no body": a_post("Content-Length: 9", length=False),
    "half a body": a_post("Content-Length: 9", length=False, body=b"a=b"),
    "expects to be asked": a_post("Content-Length: 9", "Expect: 100-continue", length=False),
    "chunks without an end": a_post("Transfer-Encoding: chunked", length=False, body=b"3\r\na=b\r\n"),
}


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory, rabbitmq: Broker) -> Iterator[Server]:
    """A gateway that ends what it has said nothing to for two seconds, not for a minute."""
    broker_url = rabbitmq.fresh_vhost()
    with CrowdedServer(tmp_path_factory.mktemp("hasty"), broker_url, module="tests.support.hasty_gateway") as gateway:
        yield gateway


def opened(
    stack: ExitStack, server: Server, request: bytes, count: int, source: str = "127.0.0.1"
) -> list[socket.socket]:
    connections = [stack.enter_context(server.connect(source)) for _ in range(count)]
    for connection in connections:
        connection.sendall(request)
    return connections


def assert_others_are_taken(server: Server) -> None:
    for _ in range(5):
        answer = server.post()
        assert answer.status_code == 202
        assert answer.elapsed.total_seconds() < stretched_s(UNAFFECTED_S)


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for as many connections as a flood has."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(usual, min(most, 4 * FLOOD)), most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize("kind", ["half a header", "half a body"])
def test_1300_from_one_address_that_do_not_go_on_keep_nobody_else_from_posting(
    tmp_path: Path, broker_url: str, kind: str
) -> None:
    """More than a worker has threads. They come in one moment, so the first post may wait until those are told."""
    with CrowdedServer(tmp_path, broker_url) as gateway, ExitStack() as stack:
        flood = opened(stack, gateway, UNENDED[kind], FLOOD, ELSEWHERE)
        assert gateway.post().status_code == 202
        assert_others_are_taken(gateway)
        if kind == "half a body":
            turned_away = [answer_of(one, closes_within_s=0) for one in flood if _is_answered(one)]
            assert len(turned_away) >= FLOOD - BODIES_MOST
            assert {(one.status, one.headers["connection"]) for one in turned_away} == {(429, "close")}
            assert all(int(one.headers["retry-after"]) > 0 for one in turned_away)


def test_what_does_not_go_on_is_ended(hasty: Server) -> None:
    with ExitStack() as stack:
        for connection in [one for request in UNENDED.values() for one in opened(stack, hasty, request, 3)]:
            connection.settimeout(20)
            answer = b"".join(iter(partial(connection.recv, 65536), b""))
            assert b" 202 " not in answer


def test_a_body_that_comes_by_the_byte_is_ended(hasty: Server) -> None:
    with hasty.connect() as connection:
        connection.sendall(a_post("Content-Length: 9999", length=False))
        eventually(lambda: _has_ended(connection), 20, "the gateway has ended the connection")


def test_what_does_not_go_on_is_ended_where_no_file_can_be_opened(hasty: Server) -> None:
    starved = Starved(hasty, "files", limit=64)
    with ExitStack() as stack:
        starved.inject()
        stack.callback(starved.heal)
        for connection in opened(stack, hasty, UNENDED["half a body"], 70):
            connection.settimeout(15)
            assert b" 202 " not in b"".join(iter(partial(connection.recv, 65536), b""))
    assert_others_are_taken(hasty)


def _is_answered(connection: socket.socket) -> bool:
    connection.settimeout(0)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(10)


def _has_ended(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"a")
    except OSError:
        return True
    return False


def test_who_is_answered_is_not_ended(hasty: Server) -> None:
    """A stream is told something within its heartbeat, a connection that is used again is answered on it."""
    path = hasty.post().json()["receipt_url"]
    until = time.monotonic() + 3.5
    with requests.Session() as session, requests.get(f"{path}/events", stream=True, timeout=10) as stream:
        lines = stream.iter_lines(chunk_size=1)
        while time.monotonic() < until:
            assert session.get(f"{hasty.url}/livez", timeout=5).status_code == 200
            assert next(lines) is not None


def test_500_at_once_are_answered(tmp_path: Path, broker_url: str) -> None:
    queues = Queues(broker_url)
    with CrowdedServer(tmp_path, broker_url) as gateway, ExitStack() as stack:
        connections = opened(stack, gateway, a_post(body=b"a=b"), MANY)
        statuses = [answer_of(connection, closes_within_s=0).status for connection in connections]
        assert set(statuses) <= {202, 503}
        assert statuses.count(202) > 0
        assert queues.depth(STORAGE.name) >= statuses.count(202)
        assert_others_are_taken(gateway)
