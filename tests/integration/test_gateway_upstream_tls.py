"""A console behind TLS, which sends a session's tickets before anything was asked."""

from __future__ import annotations

import pytest
from werkzeug.test import create_environ

from gateway.console.incoming import take
from gateway.console.upstream import Asked, Upstream
from gateway.http.bodies import Bodies
from gateway.http.request import Request
from support.console_stand_in import Heard, StandIn, chunk
from support.smtp import CERTIFICATE


@pytest.mark.parametrize("length", [2, 200_000])
def test_it_is_asked_and_answers(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    def answer_in_pieces(heard: Heard) -> None:
        heard.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"a" * 9000))
        heard.say(chunk(b"b" * 300_000) + chunk(b""))

    body = b"x" * length
    with StandIn(tls=True) as console:
        console.answers["/v1/"] = answer_in_pieces
        incoming = take(Request(create_environ(method="POST", data=body)), Bodies(), 1_000_000)
        answer = Upstream(console.url, answer_s=5).ask(Asked("POST", b"/v1/x", [], incoming))
        assert b"".join(answer.pieces()) == b"a" * 9000 + b"b" * 300_000
        answer.close()
    assert console.heard[0].body == body
