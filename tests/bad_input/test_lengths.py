"""Conflicting lengths, duplicate lengths: 400, and the connection is closed (RFC 9112, section 6.3)."""

from __future__ import annotations

import pytest

from support.gateway_server import Server
from support.raw_http import a_post, answer_of


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 3", "Content-Length: 4"],
        ["Content-Length: 4", "Content-Length: 3"],
        ["Content-Length: 3, 4"],
        ["Content-Length: 3, 3"],
        ["Content-Length: x"],
        ["Content-Length: -3"],
        ["Content-Length: +3"],
        ["Content-Length: 0x3"],
        ["Content-Length: 3 3"],
        ["Content-Length: "],
        ["Content-Length: 99999999999999999999999999"],
        ["Content-Length : 3"],
        ["X: a\r\n Content-Length: 3", "Content-Length: 3"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding: chunked, gzip"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    ],
)
def test_a_doubtful_length_is_400(gateway: Server, lines: list[str]) -> None:
    chunked = any("ransfer" in line for line in lines)
    with gateway.connect() as connection:
        connection.sendall(a_post(*lines, length=False, body=b"3\r\na=b\r\n0\r\n\r\n" if chunked else b"a=b"))
        answer = answer_of(connection)
    assert answer.status == 400
    assert answer.closed


@pytest.mark.parametrize("first", ["Content-Length: 4", "Transfer-Encoding: chunked"])
def test_no_request_hides_in_the_body_of_another(gateway: Server, first: str) -> None:
    """Where a length and chunks are both named, chunks count (RFC 9112, section 6.1), and those are 413 here."""
    hidden = b"0\r\n\r\n" + a_post(body=b"a=hidden")
    with gateway.connect() as connection:
        lines = dict.fromkeys([first, "Content-Length: 4", "Transfer-Encoding: chunked"])
        connection.sendall(a_post(*lines, length=False, body=hidden))
        answer = answer_of(connection)
    assert answer.status == 413
    assert answer.codes == ["LENGTH_REQUIRED"]
    assert answer.closed


def test_one_length_said_twice_is_one_length(gateway: Server) -> None:
    """The RFC leaves it open; nothing is in doubt. So the body is read to its end, and what it says is looked at."""
    with gateway.connect() as connection:
        connection.sendall(a_post("Content-Length: 5", body=b"a=%00"))
        answer = answer_of(connection, closes_within_s=0.1)
    assert answer.status == 422
    assert answer.codes == ["VALUE_NOT_ACCEPTED"]
