"""What has to come through a proxy as it is: who sends, how much, from where, and what is told as it happens."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import requests

from proxies.conftest import BODY_BYTES, PUBLIC_URL, Proxied
from shared.contracts import SubmissionAccepted, SubmissionsStored, decode
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import STORAGE
from support.queues import Queues
from support.raw_http import answer_of
from support.smtp import CERTIFICATE

PAGE = "https://www.example.org"
VISITOR, FLOOD = "127.0.0.5", "127.0.0.6"


def taken(proxied: Proxied) -> SubmissionAccepted:
    """Take what was accepted last off the queue, and what was before it."""
    last, queues = None, Queues(proxied.broker_url)
    while found := queues.take(STORAGE.name):
        last = found
    assert last
    body, properties = last
    return decode(body, type=properties.type or "", types=(SubmissionAccepted,))


FORGED = [
    *("X-Forwarded-For: 203.0.113.1", "X_Forwarded_For: 203.0.113.2", "x_forwarded_for: 203.0.113.3"),
    *("X-Forwarded_For: 203.0.113.4", "Forwarded: for=203.0.113.5", "X-Real-IP: 203.0.113.6"),
]


@pytest.mark.parametrize("others", [[], ["Zy: 1"], ["Zy: 1", "Zz: 1"]])
def test_the_visitor_s_address_is_seen_and_none_that_they_made_up(proxied: Proxied, others: list[str]) -> None:
    """Which of two spellings the gateway takes depends on how many headers follow."""
    with proxied.connection(VISITOR) as connection:
        connection.sendall(proxied.a_post(*FORGED, *others, body=b"a=b"))
        assert answer_of(connection, closes_within_s=0.1).status == 202
    assert taken(proxied).source.ip == VISITOR


def test_a_receipt_is_where_visitors_find_it(proxied: Proxied) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "ftp"}
    answer = proxied.post("/f/open", b"a=b", **forged)
    assert answer.status_code == 202
    assert answer.json()["receipt_url"].startswith(f"{PUBLIC_URL}/receipts/")


def test_a_body_as_large_as_may_be_goes_through_and_a_larger_one_is_told_so(proxied: Proxied) -> None:
    assert proxied.post("/f/open", b"a=" + b"b" * (BODY_BYTES - 2)).status_code == 202
    for length in (BODY_BYTES + 1, 3_000_000):
        answer = proxied.post("/f/open", b"b" * length)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "TOO_LARGE")


def test_a_file_goes_through_whole_and_a_larger_one_is_told_so(proxied: Proxied, tmp_path: Path) -> None:
    content, file = os.urandom(10_000_000).hex().encode(), tmp_path / "data.txt"
    file.write_bytes(content)
    status, answer = proxied.upload("/f/photos", file)
    assert status == 202, answer
    [kept] = taken(proxied).files
    assert (proxied.files / kept.key).read_bytes() == content
    file.write_bytes(content[:8_000_000])
    status, answer = proxied.upload("/f/small", file)
    assert (status, answer["errors"][0]["code"]) == (413, "FILES_TOO_BIG")
    file.write_bytes(content * 4)  # 80 MB, as much as nginx lets through: of other bodies so much is not read on
    status, answer = proxied.upload("/f/small", file)
    assert (status, answer["errors"][0]["code"]) == (413, "FILES_TOO_BIG")


def test_who_is_refused_early_sees_the_answer(proxied: Proxied) -> None:
    for _ in range(5):
        with proxied.connection() as connection:
            connection.sendall(proxied.a_post(path="/f/none", body=b"a=" + b"b" * 3_000_000))
            assert answer_of(connection, closes_within_s=0.1).status == 404


def test_a_receipt_is_told_of_as_it_happens(proxied: Proxied) -> None:
    receipt = proxied.post("/f/open", b"a=b").json()
    url = receipt["receipt_url"].replace(PUBLIC_URL, proxied.url)
    announcer = RabbitMQ(proxied.broker_url, name="test").announcer()
    with requests.get(f"{url}/events", stream=True, timeout=20, verify=str(CERTIFICATE)) as stream:
        lines = stream.iter_lines(chunk_size=1)
        assert any(b'"state":"accepted"' in line for line in lines), "the first before there is a second"
        announcer.announce(SubmissionsStored((UUID(receipt["id"]),), datetime.now(UTC)))
        assert any(b'"state":"stored"' in line for line in lines), "the second before the stream has ended"
    announcer.close()


def test_one_address_keeps_nobody_else_from_posting(proxied: Proxied) -> None:
    with ExitStack() as stack:
        for _ in range(300):
            connection = stack.enter_context(proxied.connection(FLOOD))
            connection.sendall(proxied.a_post("Content-Length: 9", length=False, body=b"a=b"))
        for _ in range(5):
            assert proxied.post("/f/open", b"a=b").status_code == 202


def test_who_is_too_slow_or_too_many_is_told_so_where_the_proxy_can(proxied: Proxied) -> None:
    """Compose's own answers in words that a page may read."""
    if proxied.kind != "haproxy":
        return
    with ExitStack() as stack:
        connections = [stack.enter_context(proxied.connection("127.0.0.7")) for _ in range(120)]
        for connection in connections:
            connection.sendall(proxied.a_post("Content-Length: 9", f"Origin: {PAGE}", length=False, body=b"a=b"))
        answers = [answer_of(connection, closes_within_s=0) for connection in connections]
    assert Counter((answer.status, *answer.codes) for answer in answers) == {
        (408, "TOO_SLOW"): 100,
        (429, "TOO_MANY_REQUESTS"): 20,
    }
    assert {answer.headers.get("retry-after") for answer in answers if answer.status == 429} == {"5"}
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {PAGE}
    assert {answer.headers["access-control-allow-credentials"] for answer in answers} == {"true"}
