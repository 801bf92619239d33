"""How many bodies are read at once, in all and of one source, and what becomes of one that is not read."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from werkzeug.test import EnvironBuilder, TestResponse
from werkzeug.wrappers import Request

from gateway.http.bodies import (
    BODIES_MOST,
    CROWDED_SWITCH_S,
    LINGER_BYTES,
    LINGER_OF_ONE,
    SLOW_MOST,
    SLOW_S,
    SOURCE_MOST,
    Bodies,
)
from gateway.http.errors import Refused
from support.gateway_app import Gateway, Receipts, a_gateway, watches_of

ONE, OTHER = "192.0.2.1", "192.0.2.2"


class Clock:
    """A clock that stands until it is moved, in seconds."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Held(io.RawIOBase):
    """A body that comes when something else has happened."""

    def __init__(self, meanwhile: Callable[[], None], body: io.BytesIO | None = None) -> None:
        self._meanwhile = meanwhile
        self._body = body or io.BytesIO(b"a=b")

    def read(self, size: int = -1) -> bytes:
        self._meanwhile()
        return self._body.read(size)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bodies(clock: Clock) -> Iterator[Bodies]:
    usual_s = sys.getswitchinterval()
    yield Bodies(clock)
    sys.setswitchinterval(usual_s)


def read(bodies: Bodies, address: str, stream: io.IOBase | None = None) -> bytes:
    environ = EnvironBuilder(method="POST", environ_base={"REMOTE_ADDR": address}).get_environ()
    environ["wsgi.input"] = stream or io.BytesIO(b"a=b")
    return bodies.read(Request(environ), 3)  # type: ignore[arg-type]  # flask's is one


@contextmanager
def held(bodies: Bodies, count: int, source: str | None = None) -> Iterator[None]:
    """Let so many bodies be on their way, of one source or of as many."""
    begun = {Request({}): (source or f"source {number}", bodies._clock()) for number in range(count)}
    bodies._begun |= begun  # type: ignore[arg-type]  # flask's is one
    yield
    for request in begun:
        del bodies._begun[request]  # type: ignore[arg-type]


def status_of(bodies: Bodies, address: str) -> int:
    """Return what a post from an address is answered with, where it is refused for its body; else 202."""
    try:
        read(bodies, address)
    except Refused as refusal:
        return refusal.status if refusal.headers["Retry-After"] else 0
    return 202


@pytest.mark.parametrize(("count", "passed_s", "status"), [
    (SOURCE_MOST, 0.0, 429),
    (SOURCE_MOST - 1, SLOW_S, 202),
    (SLOW_MOST, SLOW_S + 1, 429),
    (SLOW_MOST - 1, SLOW_S + 1, 202),
])  # fmt: skip
def test_of_one_source_so_many_are_read_at_once_and_fewer_that_are_slow(
    bodies: Bodies, clock: Clock, count: int, passed_s: float, status: int
) -> None:
    with held(bodies, count, ONE):
        clock.now_s += passed_s
        assert status_of(bodies, ONE) == status
        assert status_of(bodies, OTHER) == 202, "others are not kept from posting"
    assert status_of(bodies, ONE) == 202, "each has made room"


def test_a_network_of_ipv6_is_one_source(bodies: Bodies) -> None:
    with held(bodies, SOURCE_MOST, "2001:db8::/64"):
        assert [status_of(bodies, address) for address in ("2001:db8::ffff", "2001:db8:0:1::1")] == [429, 202]


def test_in_all_so_many_are_read_at_once(bodies: Bodies) -> None:
    with held(bodies, BODIES_MOST - 1):
        assert status_of(bodies, ONE) == 202
    with held(bodies, BODIES_MOST):
        assert status_of(bodies, ONE) == 503


def test_what_is_being_read_counts(bodies: Bodies) -> None:
    def meanwhile() -> None:
        assert list(bodies._begun.values()) == [(ONE, bodies._clock())]

    read(bodies, ONE, Held(meanwhile))
    assert bodies._begun == {}


def test_a_body_that_breaks_off_makes_room(bodies: Bodies) -> None:
    def broken() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        read(bodies, ONE, Held(broken))
    assert bodies._begun == {}


def test_threads_are_patient_in_a_crowd_alone(bodies: Bodies) -> None:
    with held(bodies, SLOW_MOST):
        read(bodies, ONE)
        assert sys.getswitchinterval() == pytest.approx(CROWDED_SWITCH_S)
    read(bodies, ONE)
    assert sys.getswitchinterval() == pytest.approx(0.005)


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


def refused(gateway: Gateway, body: io.IOBase, length: str, **headers: str) -> TestResponse:
    """Post to a form that is not there; the length is as in WSGI."""
    given = {"wsgi.input": body, "CONTENT_LENGTH": length}
    return gateway.client.post("/f/none", headers=headers, environ_overrides=given, buffered=False)


def test_what_is_refused_early_is_answered_at_once_and_its_body_read_on(gateway: Gateway) -> None:
    body = io.BytesIO(bytes(LINGER_BYTES))
    answer = refused(gateway, body, str(LINGER_BYTES))
    assert (answer.status_code, answer.headers["Connection"]) == (404, "close")
    chunks = answer.iter_encoded()
    assert len(next(chunks)) == int(answer.headers["Content-Length"])
    assert body.tell() == 0, "the answer waits for nothing"
    assert list(chunks) == []
    assert body.tell() == LINGER_BYTES


@pytest.mark.parametrize(("length", "expect"), [(LINGER_BYTES + 1, ""), (100, "100-continue"), (100, "100-Continue")])
def test_what_is_too_much_or_waits_to_be_asked_for_is_left_and_the_connection_ends(
    gateway: Gateway, length: int, expect: str
) -> None:
    body = io.BytesIO(bytes(length))
    answer = refused(gateway, body, str(length), **({"Expect": expect} if expect else {}))
    assert answer.status_code == 404
    assert answer.headers["Connection"] == "close"
    assert answer.get_json()["errors"]
    assert body.tell() == 0


def test_of_one_source_few_are_read_on_at_once(gateway: Gateway) -> None:
    bodies = [io.BytesIO(bytes(100)) for _ in range(LINGER_OF_ONE + 1)]

    def take(number: int) -> None:
        body = bodies[number]
        before = partial(take, number + 1) if number < LINGER_OF_ONE else None
        b"".join(refused(gateway, Held(before, body) if before else body, "100").iter_encoded())

    take(0)
    assert [body.tell() for body in bodies] == [100] * LINGER_OF_ONE + [0]


def test_a_chunked_body_is_read_on(gateway: Gateway) -> None:
    body = io.BytesIO(bytes(100_000))
    answer = refused(gateway, body, "", **{"Transfer-Encoding": "chunked"})
    assert answer.headers["Connection"] == "close"
    b"".join(answer.iter_encoded())
    assert body.tell() == 100_000


@pytest.mark.parametrize("path", ["/counterfoil.js", "/static/counterfoil.css"])
def test_a_file_is_sent_though_the_request_has_a_body(gateway: Gateway, path: str) -> None:
    answer = gateway.client.get(path, data=b"a=b")
    assert (answer.status_code, answer.headers["Connection"]) == (200, "close")
    assert answer.data == gateway.client.get(path).data


def test_a_stream_is_sent_as_it_comes_though_the_request_has_a_body(gateway: Gateway) -> None:
    Receipts().serve(gateway.broker)
    path = gateway.submitted()["receipt_url"].partition("/receipts/")[2]
    answer = gateway.client.get(f"/receipts/{path}/events", data=b"a=b", buffered=False)
    chunks = answer.iter_encoded()
    assert next(chunks).startswith(b"retry: "), "and not once it has ended"
    assert answer.headers["Connection"] == "close"
    answer.close()
    assert watches_of(gateway) == {}


def test_what_was_read_and_what_has_none_says_nothing(gateway: Gateway) -> None:
    for answer in (
        gateway.client.post("/f/open", json={"a": "b"}),
        gateway.client.post("/f/signup", json={"a": "b"}),
        gateway.client.get("/f/none"),
        gateway.client.post("/f/none"),
    ):
        assert "Connection" not in answer.headers, answer.status
