"""The page of the mail sink is shown under loopback's own names alone: not to a website whose name leads there."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection

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
