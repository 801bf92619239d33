"""Idempotency key over 255 characters, control characters, two headers: 400."""

from __future__ import annotations

import pytest

from support.gateway_server import Server
from support.raw_http import a_post, answer_of

TOO_LONG = "k" * 256


@pytest.mark.parametrize(
    "lines",
    [
        [f"Idempotency-Key: {TOO_LONG}"],
        ["Idempotency-Key: "],
        ["Idempotency-Key: a\x07b"],
        ["Idempotency-Key: a\tb"],
        ["Idempotency-Key: a\x7fb"],
        ["Idempotency-Key: \u00e9"],
        ["Idempotency-Key: a\x00b"],
        ["Idempotency-Key: a", "Idempotency-Key: b"],
        ["Idempotency-Key: a", "Idempotency-Key: a"],
        ["Idempotency-Key: a", "idempotency-key: a"],
        ["Idempotency-Key: a, b"],
    ],
)
def test_a_header_that_is_no_key(gateway: Server, lines: list[str]) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post(*lines, body=b"a=b"))
        answer = answer_of(connection, closes_within_s=0)
    assert answer.status == 400


@pytest.mark.parametrize("key", [TOO_LONG, "a%07b", "a%09b", "a%0d%0ab", "%c3%a9", "a&_idempotency_key=b"])
def test_a_field_that_is_no_key(gateway: Server, key: str) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post(body=f"a=b&_idempotency_key={key}".encode()))
        answer = answer_of(connection, closes_within_s=0)
    assert answer.status in {400, 422}


def test_a_header_and_a_field_that_differ(gateway: Server) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post("Idempotency-Key: one", body=b"a=b&_idempotency_key=two"))
        assert answer_of(connection, closes_within_s=0).status == 400
