"""A test of a form: it goes where the setting says, to that form alone, and whatever answers is bounded."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import pytest

from shared.forms import Captcha, Field, FileRules, Files, Form
from shared.web.refusals import Refused
from storage_service.console.trying import AGENT, Trying, why_not

FORM = Form("signup", "Sign up", {"name": Field("name", "text"), "email": Field("email", "email")}, access_key="k")
ID = uuid4()


class Gateway:
    """What a gateway would answer, and what it was asked."""

    def __init__(self, status: int = 202, body: bytes = b"", **headers: str) -> None:
        self.status = status
        self.body = body or json.dumps({"ok": True, "id": str(ID)}).encode()
        self.headers = headers
        self.asked: list[tuple[str, dict[str, str], dict[str, object]]] = []
        self.before: Callable[[], object] = lambda: None

    @contextmanager
    def serving(self) -> Iterator[str]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                gateway.asked.append((self.path, dict(self.headers), json.loads(sent)))
                gateway.before()
                self.send_response(gateway.status)
                self.send_header("Content-Length", str(len(gateway.body)))
                for name, value in gateway.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(gateway.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as its parent names it
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()


def refused(trying: Trying, form: Form = FORM) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        trying.submit(form, "ada@example.org")
    return caught.value.status, caught.value.title


def test_it_is_submitted_as_anybody_would_and_says_what_it_is() -> None:
    gateway = Gateway()
    with gateway.serving() as url:
        tried = Trying(url).submit(FORM, "ada@example.org")
    assert (tried.id, tried.status) == (ID, 202)
    [(path, headers, body)] = gateway.asked
    assert path == "/f/signup"
    assert headers["User-Agent"] == AGENT
    assert headers["Idempotency-Key"].startswith("test-")
    assert not {"Origin", "Referer", "Cookie", "Authorization"} & headers.keys()
    assert body == {"access_key": "k", "name": "TEST name", "email": "ada@example.org"}


def test_what_the_gateway_says_is_told() -> None:
    said = {"errors": [{"code": "TOO_SHORT", "message": "Name is too short."}, {"message": 7}, "x"]}
    gateway = Gateway(422, json.dumps(said).encode())
    with gateway.serving() as url:
        assert (Trying(url).submit(FORM, None).id, Trying(url).submit(FORM, None).said) == (
            None,
            ["Name is too short."],
        )


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>"),
        (202, b'{"id": "no id"}'),
        (202, b'{"id": 7}'),
        (202, b"[1]"),
        (500, b"\xff\x00"),
        (502, b'{"errors": "many", "message": 3}'),
        (202, b'{"id": "' + b"x" * 200_000 + b'"}'),
    ],
)
def test_whatever_answers_is_no_error_of_ours(status: int, body: bytes) -> None:
    with Gateway(status, body).serving() as url:
        tried = Trying(url).submit(FORM, None)
    assert (tried.id, tried.said) == (None, [f"It answered with {status}, and nothing that is known here."])


def test_no_redirect_is_followed() -> None:
    other = Gateway()
    with other.serving() as elsewhere, Gateway(307, b"{}", Location=f"{elsewhere}/f/signup").serving() as url:
        assert Trying(url).submit(FORM, None).id is None
    assert other.asked == []


def test_a_gateway_that_is_away_or_silent_is_named() -> None:
    assert refused(Trying("http://127.0.0.1:9"))[0] == 503
    gateway, ended = Gateway(), threading.Event()
    gateway.before = lambda: ended.wait(10)
    with gateway.serving() as url:
        status, title = refused(Trying(url, timeout_s=0.2))
        ended.set()
    assert (status, url in title) == (503, True)


def test_two_at_once_are_enough() -> None:
    gateway, ended, begun = Gateway(), threading.Event(), threading.Semaphore(0)

    def wait() -> None:
        begun.release()
        ended.wait(10)

    gateway.before = wait
    with gateway.serving() as url:
        trying, found = Trying(url), list[UUID | None]()
        threads = [threading.Thread(target=lambda: found.append(trying.submit(FORM, None).id)) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert begun.acquire(timeout=10)
        assert begun.acquire(timeout=10)
        assert refused(trying)[0] == 429
        ended.set()
        for thread in threads:
            thread.join()
        assert trying.submit(FORM, None).id == ID
    assert found == [ID, ID]


def test_what_takes_no_test_is_said_before_anything_is_sent() -> None:
    gateway = Gateway()
    with gateway.serving() as url:
        trying = Trying(url)
        assert refused(trying, Form("a", "A", active=False))[0] == 409
        status, title = refused(trying, Form("a", "A", captcha=Captcha("turnstile", "s")))
        assert (status, "captcha" in title) == (409, True)
        cv = Field("cv", "file", required=True, file=FileRules())
        status, title = refused(trying, Form("a", "A", {"cv": cv}, files=Files()))
        assert (status, "file" in title) == (409, True)
        assert refused(Trying(None)) == (409, "It is not known where a gateway is: set COUNTERFOIL_GATEWAY_URL.")
    assert gateway.asked == []
    assert why_not(FORM) is None
