"""Files on their way through a real clamd, one that is not there, and one that does not answer."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.clamd_server import EICAR, FOUND, STREAM_BYTES_MOST, ClamdServer
from dev.processes import free_port
from shared.files import PIECE_BYTES
from shared.files.scanning import Scanner, ScannerAway, TooLargeToScan, Verdict
from support.sample_files import zipped


@pytest.fixture(params=["tcp", "unix"])
def scanner(request: pytest.FixtureRequest, clamd: ClamdServer) -> Scanner:
    return Scanner(clamd.url if request.param == "tcp" else clamd.socket_url)


def verdict_on(scanner: Scanner, *pieces: bytes) -> Verdict:
    with scanner.begin() as scan:
        for piece in pieces:
            scan.feed(piece)
        return scan.verdict()


def test_a_clean_file_is_clean(scanner: Scanner) -> None:
    scanner.check()
    for pieces in ([], [b""], [b"clean"], [b"in ", b"", b"pieces"], [bytes(PIECE_BYTES), b"end"]):
        assert verdict_on(scanner, *pieces).is_clean


def test_an_infected_file_has_a_name(scanner: Scanner) -> None:
    infected = Verdict(FOUND)
    assert verdict_on(scanner, EICAR) == infected
    assert verdict_on(scanner, *(EICAR[at : at + 1] for at in range(len(EICAR)))) == infected
    assert verdict_on(scanner, b"x" * 100_000, EICAR[:20], b"", EICAR[20:], b"x" * 100_000) == infected
    assert verdict_on(scanner, zipped("a.txt", "b/c.com", content=EICAR)) == infected
    assert not infected.is_clean


def test_a_file_that_is_too_large_for_clamd_is_never_clean(scanner: Scanner) -> None:
    with pytest.raises(TooLargeToScan, match="StreamMaxLength"):
        verdict_on(scanner, *[bytes(PIECE_BYTES)] * (STREAM_BYTES_MOST // PIECE_BYTES), b"more")
    with pytest.raises(TooLargeToScan):
        verdict_on(scanner, *[bytes(PIECE_BYTES)] * 20)  # it has gone long before the end
    assert verdict_on(scanner, bytes(STREAM_BYTES_MOST)).is_clean


def test_many_scan_at_once(clamd: ClamdServer) -> None:
    scanner, verdicts = Scanner(clamd.url), []
    contents = [EICAR if number % 2 else b"clean" for number in range(40)]
    threads = [
        threading.Thread(target=lambda content=content: verdicts.append((content, verdict_on(scanner, content))))
        for content in contents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(verdicts) == len(contents)
    assert all(verdict.is_clean == (content != EICAR) for content, verdict in verdicts)


def test_an_upload_that_breaks_off_leaves_nothing_behind(scanner: Scanner) -> None:
    with scanner.begin() as scan:
        scan.feed(EICAR)
    assert scan.is_away
    with pytest.raises(ScannerAway):
        scan.verdict()
    assert verdict_on(scanner, b"clean").is_clean


@pytest.mark.parametrize(
    "url", ["tcp://127.0.0.1:{port}", "unix:///nowhere/clamd.ctl", "tcp://no-such-host.invalid:3310"]
)
def test_a_scanner_that_is_not_there_is_told_at_the_verdict(url: str) -> None:
    scanner = Scanner(url.format(port=free_port()))
    scan = scanner.begin()
    assert scan.is_away
    scan.feed(b"anything")
    with pytest.raises(ScannerAway, match="clamd: "):
        scan.verdict()
    with pytest.raises(ScannerAway):
        scanner.check()


def test_a_clamd_that_ends_in_the_middle_is_away_and_its_next_one_scans(tmp_path: Path) -> None:
    with ClamdServer(tmp_path) as server:
        scanner = Scanner(server.url)
        scan = scanner.begin()
        scan.feed(EICAR)
        server.stop()
        scan.feed(bytes(PIECE_BYTES))
        with pytest.raises(ScannerAway):
            scan.verdict()
        server.start()
        assert verdict_on(scanner, EICAR) == Verdict(FOUND)


def test_a_clamd_that_does_not_answer_is_away_in_time(tmp_path: Path) -> None:
    with ClamdServer(tmp_path) as server:
        server.pause()
        scan = Scanner(server.url).begin()
        scan.feed(EICAR)
        began_s = time.monotonic()
        with pytest.raises(ScannerAway, match="too long"):
            scan.verdict(timeout_s=1.0)
        assert time.monotonic() - began_s < 5.0
        server.resume()


@pytest.fixture
def answering() -> Iterator[tuple[str, list[bytes]]]:
    """Something else that listens, and what it answers as soon as anybody connects."""
    answers: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    connection.sendall(answers[-1])
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}", answers
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"stream: OK and more\x00",
        b"stream: Can't allocate memory ERROR\x00",
        b"x" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_an_answer_that_is_none_is_never_clean(answering: tuple[str, list[bytes]], answer: bytes) -> None:
    url, answers = answering
    answers.append(answer)
    with pytest.raises(ScannerAway):
        verdict_on(Scanner(url), b"anything")


def test_a_name_is_short_and_can_be_shown(answering: tuple[str, list[bytes]]) -> None:
    url, answers = answering
    answers.append(b"stream: Win.\x1b[31m" + b"x" * 3000 + b" FOUND\x00")
    name = verdict_on(Scanner(url), b"anything").infected
    assert name is not None
    assert name.startswith("Win.[31mxxx")
    assert len(name) <= 200
