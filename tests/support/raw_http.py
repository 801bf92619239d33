"""Sends requests as bytes that no client library would send, and reads the answers."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True)
class Answered:
    """The answer to one request. `closed` says whether the server ended the connection after it."""

    status: int
    headers: dict[str, str]
    body: bytes
    closed: bool

    @property
    def codes(self) -> list[str]:
        """The codes of its errors."""
        document: dict[str, Any] = json.loads(self.body)
        return [error["code"] for error in document["errors"]]


def a_post(*lines: str, body: bytes = b"", path: str = "/f/open", kind: str = FORM, length: bool = True) -> bytes:
    """Return a POST with these header lines; the length of the body is said where `length` is true."""
    said = [f"Content-Length: {len(body)}"] if length else []
    head = [f"POST {path} HTTP/1.1", "Host: forms.example.org", f"Content-Type: {kind}", *said, *lines]
    return "\r\n".join([*head, "", ""]).encode("utf-8") + body


def answer_of(connection: socket.socket, *, closes_within_s: float = 2.0) -> Answered:
    """Read one answer, and wait as long for the end of the connection."""
    answer = HTTPResponse(connection)
    answer.begin()
    body = answer.read()
    connection.settimeout(closes_within_s)
    try:
        closed = connection.recv(1) == b""
    except (TimeoutError, BlockingIOError):
        closed = False
    except ConnectionResetError:
        closed = True
    return Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body, closed)
