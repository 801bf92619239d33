"""Deep nesting, 5,000-digit integers, NaN, 1e999, lone surrogates, NUL, duplicate keys: 400 or 422, never stored."""

from __future__ import annotations

import pytest

from support.gateway_server import Server
from support.raw_http import FORM, JSON, a_post, answer_of

MULTIPART = "multipart/form-data; boundary=b"


def part(name: bytes, value: bytes) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (JSON, b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", 422),
        (JSON, b'{"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", 422),
        (JSON, b'{"a": ' + b"[" * 30_000, 422),
        (JSON, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 422),
        (JSON, b'{"a": ' + b"9" * 5000 + b"}", 422),
        (JSON, b'{"a": -' + b"9" * 5000 + b"}", 422),
        (JSON, b'{"a": 9223372036854775808}', 422),
        (JSON, b'{"a": NaN}', 400),
        (JSON, b'{"a": [Infinity]}', 400),
        (JSON, b'{"a": {"b": -Infinity}}', 400),
        (JSON, b'{"a": 1e999}', 422),
        (JSON, b'{"a": -1E999}', 422),
        (JSON, b'{"a": "\\ud800"}', 422),
        (JSON, b'{"\\udfff": 1}', 422),
        (JSON, b'{"a": "\\udc00\\ud800"}', 422),
        (JSON, b'{"a": "\xed\xa0\x80"}', 400),
        (JSON, b'{"a": "\\u0000"}', 422),
        (JSON, b'{"\\u0000": 1}', 422),
        (JSON, b'{"a": "\x00"}', 400),
        (JSON, b'{"a": 1, "a": 2}', 422),
        (JSON, b'{"a": 1, "\\u0061": 1}', 422),
        (JSON, b'{"a": {"b": 1, "b": 1}}', 422),
        (JSON, b'{"a": 1} {"b": 2}', 400),
        (JSON, b'{"a": 1,}', 400),
        (JSON, b"{'a': 1}", 400),
        (JSON, b'{"a": 01}', 400),
        (JSON, b"\xef\xbb\xbf" * 2 + b'{"a": 1}', 400),
        (JSON, '{"a": 1}'.encode("utf-16"), 400),
        (JSON, b"", 400),
        (JSON, b"null", 400),
        (JSON, b"[1]", 400),
        (JSON, b'"a"', 400),
        (FORM, b"a=%00", 422),
        (FORM, b"%00=a", 422),
        (FORM, b"a=\x00", 422),
        (FORM, b"a=%ed%a0%80", 400),
        (FORM, b"a=%ff", 400),
        (FORM, b"a=\xff", 400),
        (MULTIPART, part(b"a", b"\x00"), 422),
        (MULTIPART, part(b"\x00", b"a"), 422),
        (MULTIPART, part(b"a", b"Gr\xfc\xdfe"), 400),
        (MULTIPART, part(b"a", "\ufffd".encode() + b"\xff"), 400),
        (MULTIPART, part(b"\xfc", b"a"), 400),
        (MULTIPART, part(b"a", b"a")[:-9], 400),
        (MULTIPART, b"--b\r\n\r\na\r\n--b--\r\n", 400),
        (MULTIPART, b"--c--\r\n", 400),
        ("multipart/form-data", part(b"a", b"a"), 400),
    ],
)
def test_what_could_not_be_stored_is_refused(gateway: Server, kind: str, body: bytes, status: int) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post(kind=kind, body=body))
        answer = answer_of(connection, closes_within_s=0)
    assert answer.status == status, answer
    assert answer.codes in (["MALFORMED"], ["VALUE_NOT_ACCEPTED"])
