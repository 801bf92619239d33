"""A body that is refused before it is read: the answer is seen, and the connection ends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from dev import clients
from dev.broker import Broker
from support.gateway_server import Server
from support.pace import stretched_s
from support.raw_http import FORM, JSON, a_post, answer_of

FORMS = """
[forms.open]
[forms.strict]
rate_limit = "1/day"
[forms.closed]
active = false
[forms.ours]
allowed_origins = ["https://www.example.org"]
"""
BODY = b"a=" + b"b" * 3_000_000
"""More than lies in the buffers between client and server: who is cut off in the middle does not see the answer."""

# Node's own fetch with a form, as a function behind a static site sends it
NODE = """
const [url, count] = process.argv.slice(1);
for (let n = 0; n < count; n++) {
  const form = new FormData();
  form.set("message", "x".repeat(2_000_000));
  const said = await fetch(url, {method: "POST", body: form}).then(
    async (answer) => `${answer.status} ${(await answer.json()).errors[0].code}`, (error) => String(error.cause));
  console.log(JSON.stringify(said));
}
"""
REFUSALS = {
    "/f/none": (404, "FORM_NOT_FOUND"),
    "/f/closed": (403, "INACTIVE"),
    "/f/open": (413, "TOO_LARGE"),
    "/f/strict": (429, "TOO_MANY_REQUESTS"),
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, rabbitmq: Broker) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("early")
    server = Server(place, rabbitmq.fresh_vhost())
    (place / "forms.toml").write_text(FORMS)
    with server:
        with server.connect() as connection:
            connection.sendall(a_post(path="/f/strict", body=b"a=b"))
            assert answer_of(connection, closes_within_s=0).status == 202
        yield server


@pytest.mark.parametrize(("path", "status", "code"), [(path, *answer) for path, answer in REFUSALS.items()])
def test_who_sends_all_before_reading_sees_the_answer(gateway: Server, path: str, status: int, code: str) -> None:
    for _ in range(5):
        with gateway.connect() as connection:
            connection.sendall(a_post(path=path, body=BODY))
            answer = answer_of(connection)
        assert (answer.status, answer.codes, answer.headers["connection"]) == (status, [code], "close")
        assert answer.closed


def test_so_do_a_page_that_may_not_post_and_another_type_or_method(gateway: Server) -> None:
    for request, status in (
        (a_post("Origin: https://elsewhere.example", path="/f/ours", body=BODY), 403),
        (a_post(path="/f/open", kind="image/png", body=BODY), 415),
        (a_post("Content-Encoding: gzip", path="/f/open", kind=JSON, body=BODY), 415),
        (a_post(path="/f/open", kind=FORM, body=BODY).replace(b"POST", b"PUT", 1), 405),
        (a_post(path="/receipts/forged", body=BODY), 405),
        (a_post(path="/nowhere", body=BODY).replace(b"POST", b"GET", 1), 404),
    ):
        with gateway.connect() as connection:
            connection.sendall(request)
            answer = answer_of(connection)
        assert (answer.status, answer.headers["connection"], answer.closed) == (status, "close", True)


@pytest.mark.parametrize("path", REFUSALS)
def test_node_s_fetch_sees_it_each_time(gateway: Server, path: str) -> None:
    command = [clients.node(), "--input-type=module", "--eval", NODE, f"{gateway.url}{path}", "10"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=stretched_s(60))
    assert [json.loads(line) for line in done.stdout.splitlines()] == ["{} {}".format(*REFUSALS[path])] * 10


@pytest.mark.parametrize("path", REFUSALS)
def test_who_waits_to_be_asked_for_the_body_is_told_instead(gateway: Server, path: str) -> None:
    with gateway.connect() as connection:
        connection.sendall(a_post("Expect: 100-continue", "Content-Length: 3000000", path=path, length=False))
        answer = answer_of(connection)
    assert (answer.status, answer.headers["connection"], answer.closed) == (REFUSALS[path][0], "close", True)


def test_what_was_read_leaves_the_connection_open(gateway: Server) -> None:
    with gateway.connect() as connection:
        for body, status in ((b"a=b", 202), (b"a=%00", 422), (b"a=b", 202)):
            connection.sendall(a_post(path="/f/open", body=body))
            answer = answer_of(connection, closes_within_s=0)
            connection.settimeout(10)
            assert (answer.status, "connection" in answer.headers, answer.closed) == (status, False, False)
