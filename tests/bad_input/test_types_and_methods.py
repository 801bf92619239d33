"""Wrong type or method, unknown fields: 415, 405, 422."""

from __future__ import annotations

import pytest

from support.gateway_server import Server
from support.raw_http import JSON, a_post, answer_of


@pytest.mark.parametrize(
    "kind",
    [
        *(
            "text/plain",
            "application/xml",
            "application/octet-stream",
            "application/jsonp",
            "application/*",
            "json",
            "",
        ),
        *("multipart/mixed; boundary=b", "application/json; charset=latin-2", "application/json; charset=utf-16"),
        *("application/x-www-form-urlencoded; charset=utf-7", "multipart/form-data; boundary=b; charset=shift_jis"),
    ],
)
def test_another_type_of_body(gateway: Server, kind: str) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post(kind=kind, body=b'{"a": 1}'))
        answer = answer_of(connection, closes_within_s=0)
    assert answer.status == 415
    assert answer.codes in (["TYPE_NOT_SUPPORTED"], ["ENCODING_NOT_SUPPORTED"])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEADER", "TRACE", "CONNECT", "PROPFIND"])
@pytest.mark.parametrize("path", ["/f/open", "/receipts/x", "/livez", "/"])
def test_another_method(gateway: Server, method: str, path: str) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post(path=path, body=b"a=b").replace(b"POST", method.encode(), 1))
        answer = answer_of(connection, closes_within_s=0)
    assert answer.status == 405 or (method == "CONNECT" and answer.status == 400)
    assert answer.status == 400 or "GET" in answer.headers["allow"]


@pytest.mark.parametrize("path", ["/f/", "/f", "/f/nothing", "/f/open/x", "/f/..%2fopen", "/F/open", "/%ff"])
def test_another_address(gateway: Server, path: str) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post(path=path, body=b"a=b"))
        answer = answer_of(connection, closes_within_s=0)
    assert answer.status in {404, 405}


def test_unknown_fields(gateway: Server) -> None:
    body = b'{"name": "Ada", "email": "ada@example.org", "admin": true, "__proto__": 1, "_unknown": 1}'
    with gateway.connect() as connection:
        connection.sendall(a_post(path="/f/signup", kind=JSON, body=body))
        answer = answer_of(connection, closes_within_s=0)
    assert answer.status == 422
    assert answer.codes == ["FIELD_UNKNOWN"] * 3


@pytest.mark.parametrize(
    "line", ["", "GET", "GET /", "POST /f/open", "POST /f/open HTTP/3.0", "\x16\x03\x01\x02", "\x00"]
)
def test_what_is_no_request(gateway: Server, line: str) -> None:
    with gateway.connect() as connection:
        connection.sendall(f"{line}\r\nContent-Length: 3\r\n\r\na=b".encode("latin-1"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400") or answer == b""
