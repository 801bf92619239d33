"""Oversize, chunked without length, compressed bombs: 413 or 415, and that the connection ends.

What may be on its way is read on meanwhile, so that the answer is seen; test_slow_and_many has its end.
"""

from __future__ import annotations

import gzip
import zlib

import pytest

from gateway.http.bodies import LINGER_BYTES
from support.gateway_server import LIMIT_BYTES, Server
from support.raw_http import FORM, JSON, a_post, answer_of

MULTIPART = "multipart/form-data; boundary=b"
BOMB = gzip.compress(b"a=" + b"0" * 50_000_000)


@pytest.mark.parametrize("kind", [FORM, JSON, MULTIPART])
@pytest.mark.parametrize("length", [LIMIT_BYTES + 1, 10**9, 2**63])
def test_what_says_that_it_is_too_large_is_not_waited_for(gateway: Server, kind: str, length: int) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post(f"Content-Length: {length}", kind=kind, length=False, body=b"a=b"))
        answer = answer_of(connection)
    assert answer.status == 413
    assert answer.codes == ["TOO_LARGE"]
    assert answer.headers["connection"] == "close"
    assert answer.closed or length <= LINGER_BYTES


def test_what_is_sent_all_the_same_is_not_taken(gateway: Server) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post(body=b"a=" + b"0" * LIMIT_BYTES))
        assert answer_of(connection).status == 413


@pytest.mark.parametrize("kind", [FORM, JSON, MULTIPART])
@pytest.mark.parametrize("body", [b"3\r\na=b\r\n0\r\n\r\n", b"3\r\na=b\r\n", b"", b"ffffffff\r\na=b", b"x\r\n"])
def test_chunks_without_a_length(gateway: Server, kind: str, body: bytes) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post("Transfer-Encoding: chunked", kind=kind, length=False, body=body))
        ended = body.endswith(b"0\r\n\r\n")
        answer = answer_of(connection, closes_within_s=2 if ended else 0)
    assert answer.status == 413
    assert answer.codes == ["LENGTH_REQUIRED"]
    assert answer.headers["connection"] == "close"
    assert answer.closed or not ended


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "GZIP"])
def test_a_compressed_body_is_not_unpacked(gateway: Server, encoding: str) -> None:
    body = zlib.compress(b"a=b") if encoding == "deflate" else BOMB
    with gateway.connect() as connection:
        connection.sendall(a_post(f"Content-Encoding: {encoding}", body=body))
        answer = answer_of(connection, closes_within_s=0.1)
    assert answer.status == 415
    assert answer.codes == ["ENCODING_NOT_SUPPORTED"]


def test_a_bomb_that_has_not_arrived_is_not_waited_for(gateway: Server) -> None:
    with gateway.connect() as connection:
        connection.sendall(
            a_post("Content-Encoding: gzip", f"Content-Length: {len(BOMB)}", length=False, body=BOMB[:99])
        )
        answer = answer_of(connection, closes_within_s=0)
    assert answer.status == 415
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("count", [501, 20_000])
def test_too_many_fields(gateway: Server, count: int) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post(body=b"&".join([b"a="] * count)))
        answer = answer_of(connection, closes_within_s=0.1)
    assert answer.status == 413
    assert answer.codes == ["TOO_MANY_FIELDS"]


def test_too_many_headers_or_too_long_ones(gateway: Server) -> None:
    for lines in (["X: y"] * 1000, ["X: " + "y" * 1_000_000]):
        with gateway.connect() as connection:
            connection.sendall(a_post(*lines, body=b"a=b"))
            answer = answer_of(connection)
        assert answer.status == 431
        assert answer.closed


def test_an_address_that_is_too_long(gateway: Server) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post(path="/f/" + "a" * 100_000, body=b"a=b"))
        answer = answer_of(connection)
    assert answer.status in {404, 414, 431}
