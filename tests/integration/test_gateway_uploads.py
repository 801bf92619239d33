"""Files to a real gateway, over real sockets and a real broker, into a directory."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from dev.processes import send
from gateway.uploads.incoming import PIECE_BYTES
from gateway.uploads.places import SLOW_AFTER_S
from support.hasty_uploads import PACE, SILENCE_S
from support.multipart import Sent
from support.polling import eventually
from support.raw_http import answer_of
from support.uploads import UploadServer

MB = 1024 * 1024
UPLOADS = 64
WORKER_MOST = 150 * MB


@pytest.fixture
def server(tmp_path: Path, broker_url: str) -> Iterator[UploadServer]:
    with UploadServer(tmp_path, broker_url) as gateway:
        yield gateway


def test_what_is_kept_is_byte_for_byte_what_was_sent(server: UploadServer) -> None:
    sizes = [0, 1, 65_535, 65_536, 200_000, MB + 1, 9 * MB]
    sent = [os.urandom(size) for size in sizes] + [b"\r\n--" * 50_000]
    files = [("a[]", (f"{number}.dat", io.BytesIO(content))) for number, content in enumerate(sent)]
    answer = requests.post(f"{server.url}/f/photos", data={"name": "Ada"}, files=files, timeout=30)
    assert answer.status_code == 202, answer.text
    [event] = server.events()
    assert dict(event.fields) == {"name": "Ada"}
    assert [(one.field, one.size) for one in event.files] == [("a", len(content)) for content in sent]
    for one, content in zip(event.files, sent, strict=True):
        assert one.sha256 == hashlib.sha256(content).hexdigest()
        assert (server.folder / one.key).read_bytes() == content


def test_a_client_that_goes_away_halfway_has_submitted_nothing(server: UploadServer) -> None:
    with server.begun(Sent("a", b"1" * 100, "1.txt"), Sent("b", b"2" * 5 * MB, "2.txt"), without=MB):
        eventually(server.kept, 10, "vacuous: nothing was put")
    eventually(lambda: server.kept() == [], 10, "what was put is gone")
    assert server.events() == []


def test_a_worker_that_is_killed_halfway_has_accepted_nothing(server: UploadServer) -> None:
    [worker] = server.workers()
    with server.begun(Sent("a", b"1" * 100, "1.txt"), Sent("b", b"2" * 5 * MB, "2.txt"), without=MB) as (connection, _):
        eventually(server.kept, 10, "vacuous: nothing was put")
        send([worker], signal.SIGKILL)
        with suppress(ConnectionResetError):
            assert connection.recv(65_536) == b""
    assert server.events() == []
    eventually(lambda: server.answers("/readyz"), 20, "another worker answers")
    assert requests.post(f"{server.url}/f/photos", files={"a": ("1.txt", b"1")}, timeout=10).status_code == 202


@pytest.mark.parametrize(
    ("form", "sizes", "status", "code"),
    [
        ("small", [50_000, 200_000, 50_000], 413, "FILES_TOO_BIG"),
        ("small", [50_000, 3 * MB], 413, "FILES_TOO_BIG"),
        pytest.param("small", [40 * MB], 413, "FILES_TOO_BIG", id="far more than is read on without files"),
        ("photos", [70 * MB], 413, "FILES_TOO_BIG"),
    ],
)
def test_what_is_refused_is_answered_and_leaves_nothing(
    server: UploadServer, form: str, sizes: list[int], status: int, code: str
) -> None:
    files = [("a", ("1.txt", b"x" * size)) for size in sizes]
    answer = requests.post(f"{server.url}/f/{form}", files=files, timeout=30)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert server.kept() == []
    assert server.events() == []


def resident_bytes(pid: int) -> int:
    """Return the most memory that a process has held."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def test_many_uploads_at_once_take_little_memory_and_keep_nobody_waiting(server: UploadServer) -> None:
    [worker] = server.workers()
    with ExitStack() as stack:
        content = os.urandom(3 * MB)
        with ThreadPoolExecutor(8) as pool:
            begun = pool.map(lambda _: stack.enter_context(server.begun(Sent("a", content, "a.dat"))), range(UPLOADS))
            connections = list(begun)
        eventually(lambda: len(server.kept()) == UPLOADS, 30, "each has its place")
        assert server.post().status_code == 202
        assert (
            requests.post(f"{server.url}/f/photos", files={"a": (None, "no file")}, timeout=5).elapsed.total_seconds()
            < 2
        )
        busy = requests.post(f"{server.url}/f/photos", files={"a": ("1.txt", b"1")}, timeout=5)
        assert (busy.status_code, busy.json()["errors"][0]["code"]) == (503, "UPLOADS_BUSY")
        assert resident_bytes(worker) < WORKER_MOST
        for connection, rest in connections:
            connection.sendall(rest)
        statuses = {answer_of(connection, closes_within_s=0).status for connection, _ in connections}
    assert statuses == {202}
    assert resident_bytes(worker) < WORKER_MOST
    assert [path.stat().st_size for path in server.kept()] == [3 * MB] * UPLOADS


def test_where_slow_ones_hold_all_places_one_gives_way_to_another_source(tmp_path: Path, broker_url: str) -> None:
    few = {"COUNTERFOIL_UPLOADS": "4", "COUNTERFOIL_UPLOADS_PER_SOURCE": "2"}
    with UploadServer(tmp_path, broker_url, **few) as server, ExitStack() as stack:
        slow = []
        for source in ("127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.3"):
            part = Sent("a", os.urandom(MB), "a.dat")
            slow.append(stack.enter_context(server.begun(part, without=MB - 2 * PIECE_BYTES, source=source)))

        def post() -> requests.Response:
            return requests.post(f"{server.url}/f/photos", files={"a": ("1.txt", b"1")}, timeout=10)

        eventually(lambda: len(server.kept()) == len(slow), SLOW_AFTER_S / 2, "each has its place")
        busy = post()
        assert (busy.status_code, busy.json()["errors"][0]["code"]) == (503, "UPLOADS_BUSY")
        until_s, at = time.monotonic() + SLOW_AFTER_S + 1, 0
        while time.monotonic() < until_s:
            for connection, rest in slow:
                connection.sendall(rest[at : at + 16_384])
            at += 16_384
            time.sleep(1)
        assert post().status_code == 202
        for connection, rest in slow:
            connection.sendall(rest[at:])
        answers = [answer_of(connection, closes_within_s=0).status for connection, _ in slow]
        assert sorted(answers) == [202, 202, 202, 503]
        eventually(lambda: len(server.kept()) == 4, 10, "of who gave way nothing is left")


@pytest.fixture
def hasty(tmp_path: Path, broker_url: str) -> Iterator[UploadServer]:
    with UploadServer(tmp_path, broker_url, module="tests.support.hasty_uploads") as gateway:
        yield gateway


def test_an_upload_may_take_longer_than_any_other_body(hasty: UploadServer) -> None:
    with hasty.begun(Sent("a", os.urandom(2 * MB), "a.dat"), without=MB) as (connection, rest):
        begun_s, step = time.monotonic(), 64 * 1024
        for at in range(0, len(rest), step):
            connection.sendall(rest[at : at + step])
            time.sleep(0.3)  # twice as fast as the slowest
        assert time.monotonic() - begun_s > 2 * SILENCE_S
        assert answer_of(connection).status == 202


@pytest.mark.parametrize("pause_s", [pytest.param(0.5, id="slow"), pytest.param(30.0, id="stalled")])
def test_a_slow_upload_is_ended_and_leaves_nothing(hasty: UploadServer, pause_s: float) -> None:
    with hasty.begun(Sent("a", b"a", "a.txt"), Sent("b", os.urandom(2 * MB), "b.dat"), without=MB) as (
        connection,
        rest,
    ):
        begun_s, ended = time.monotonic(), None
        for at in range(0, len(rest), 4096):
            connection.settimeout(pause_s)
            try:
                ended = connection.recv(65_536)
                break
            except TimeoutError:
                connection.sendall(rest[at : at + 4096])
        assert time.monotonic() - begun_s < PACE.most_s
    assert ended is not None
    assert b" 202 " not in ended
    assert hasty.post().status_code == 202
    assert [event.form for event in hasty.events()] == ["signup"]
    assert hasty.kept() == []
