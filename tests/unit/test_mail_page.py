"""The page of the mail sink is shown under loopback's own names alone: not to a website whose name leads there."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from dev.mail_page import MailPage
from dev.processes import free_port

SECRET = "canary"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailPage]:
    directory = tmp_path_factory.mktemp("mails")
    (directory / "1.eml").write_text(f"Subject: {SECRET}\nX-Envelope-To: ada@example.org\n\nx\n")
    served = MailPage(directory, free_port())
    served.start()
    yield served
    served.stop()


def ask(page: MailPage, host: str | None, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", page.port, timeout=10)
    connection.putrequest("GET", path, skip_host=True)
    if host is not None:
        connection.putheader("Host", host.format(port=page.port))
    connection.endheaders()
    answer = connection.getresponse()
    said = answer.status, answer.read().decode()
    connection.close()
    return said


def test_a_client_that_leaves_early_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "1.eml").write_text(f"Subject: x\nX-Envelope-To: ada@example.org\n\n{'long ' * 4_000_000}\n")
    page, over, errors = MailPage(tmp_path, free_port()), threading.Event(), list[object]()
    monkeypatch.setattr(page._server, "handle_error", lambda _request, address: errors.append(address))
    monkeypatch.setattr(page._server, "shutdown_request", lambda _request: over.set())
    page.start()
    with socket.create_connection(("127.0.0.1", page.port), timeout=10) as leaving:
        leaving.sendall(f"GET /1 HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n\r\n".encode())
        leaving.recv(1)
        leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert over.wait(30)
    page.stop()
    assert not errors


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LocalHost:{port}", "[::1]:{port}"])
def test_its_own_names_show_it(page: MailPage, host: str) -> None:
    for path in ("/", "/email", "/1"):
        status, said = ask(page, host, path)
        assert status == 200
        assert SECRET in said


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
        "127.0.0.1:{port}@evil.example",
        "localhost.:{port}",
        "127.0.0.1",
        "localhost:1",
        "127.0.0.1:{port},evil.example",
        "",
        None,
    ],
)
def test_another_name_shows_no_mail(page: MailPage, host: str | None) -> None:
    for path in ("/", "/email", "/1", "/1/html"):
        status, said = ask(page, host, path)
        assert status == 421
        assert SECRET not in said
