"""The gateway passes on to the console: a real gateway, and a stand-in that also answers as no console should."""

from __future__ import annotations

import http.client
import io
import json
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.broker import Broker
from dev.processes import free_port, send
from gateway.console.bounds import Bounds
from gateway.console.passing import Passing
from gateway.console.upstream import Upstream
from gateway.http.bodies import LINGER_OF_ONE, Bodies
from gateway.http.errors import Refused
from gateway.http.request import Request
from support.console_stand_in import CHUNKED, EVENTS, OK, Heard, StandIn, chunk, fixed
from support.gateway_server import Server
from support.metrics import scrape
from support.polling import eventually

SETTINGS = {
    "COUNTERFOIL_PASSED_REQUESTS": "6",
    "COUNTERFOIL_PASSED_REQUESTS_PER_SOURCE": "3",
    "COUNTERFOIL_PASSED_STREAMS": "4",
    "COUNTERFOIL_PASSED_STREAMS_PER_SOURCE": "2",
}


@pytest.fixture(scope="module")
def one_console() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def one_gateway(
    tmp_path_factory: pytest.TempPathFactory, rabbitmq: Broker, one_console: StandIn
) -> Iterator[MeasuredServer]:
    url = rabbitmq.fresh_vhost()
    with MeasuredServer(tmp_path_factory.mktemp("gateway"), url, one_console) as server:
        yield server
    rabbitmq.retire(url)


@pytest.fixture
def console(one_console: StandIn) -> StandIn:
    one_console.begin_anew()
    return one_console


@pytest.fixture
def gateway(one_gateway: MeasuredServer, console: StandIn) -> MeasuredServer:
    """The gateway that these tests share, with nothing under way."""
    eventually(lambda: one_gateway.in_flight() == (0, 0), 10, "nothing is passed on")
    return one_gateway


class MeasuredServer(Server):
    """A gateway that passes on to a console, and tells what it passes on."""

    def __init__(self, directory: Path, broker_url: str, console: StandIn) -> None:
        self.metrics_url = f"http://127.0.0.1:{free_port()}"
        bind = {"COUNTERFOIL_METRICS_BIND": self.metrics_url.removeprefix("http://")}
        super().__init__(directory, broker_url, **SETTINGS, **bind, COUNTERFOIL_CONSOLE_URL=console.url)

    def metric(self, name: str, **labels: str) -> float:
        return scrape(self.metrics_url).value(name, **labels)

    def in_flight(self) -> tuple[float, float]:
        kinds = ("requests", "streams")
        requests_now, streams = (self.metric("counterfoil_passed_in_flight", kind=kind) for kind in kinds)
        return requests_now, streams


def test_a_request_and_its_answer_pass(gateway: Server, console: StandIn) -> None:
    console.answers["/v1/"] = fixed(
        b"HTTP/1.1 418 I'm a teapot\r\nETag: x\r\nSet-Cookie: a=1\r\nContent-Length: 5\r\n\r\nhello"
    )
    answer = requests.request(
        "PATCH",
        gateway.url + "/v1/submissions/%41?q=a%20b&q=%2F",
        data=b"\0body\xff",
        headers={"If-Match": '"3"', "Cookie": "a=1", "X-Forwarded-For": "192.0.2.66", "Content-Type": "x/y"},
        timeout=10,
    )
    assert (answer.status_code, answer.reason, answer.content) == (418, "I'm a teapot", b"hello")
    assert (answer.headers["ETag"], "Set-Cookie" in answer.headers) == ("x", False)
    [heard] = console.heard
    assert (heard.method, heard.target, heard.body) == ("PATCH", "/v1/submissions/A?q=a%20b&q=%2F", b"\0body\xff")
    assert heard.header("x-forwarded-for") == ["127.0.0.1"]
    assert heard.header("x-forwarded-host") == [gateway.url.removeprefix("http://")]
    assert heard.header("host") == [console.url.removeprefix("http://")]
    assert (heard.header("if-match"), heard.header("content-type")) == (['"3"'], ["x/y"])
    assert heard.header("cookie") == []


def _say_nothing(heard: Heard) -> None:
    heard.is_left()


def test_a_console_that_is_slow_is_not_asked_again(console: StandIn) -> None:
    console.answers["/v1/slow"] = _say_nothing
    passing = Passing(Upstream(console.url, answer_s=0.3), bodies=Bodies(), bounds=Bounds())
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/v1/slow", "wsgi.input": io.BytesIO()}
    with pytest.raises(Refused, match="did not answer"):
        passing("v1", Request(environ))
    assert [heard.target for heard in console.heard] == ["/v1/slow"]


def test_cookies_pass_below_console(gateway: Server, console: StandIn) -> None:
    cookies = b"Set-Cookie: a=1; Path=/console\r\nSet-Cookie: b=2; Path=/console\r\n"
    console.answers["/console"] = fixed(b"HTTP/1.1 200 OK\r\n" + cookies + b"Content-Length: 0\r\n\r\n")
    answer = requests.get(gateway.url + "/console", headers={"Cookie": "c=3; d=4"}, timeout=10)
    assert dict(answer.cookies) == {"a": "1", "b": "2"}
    assert console.heard[0].header("cookie") == ["c=3; d=4"]


@pytest.mark.parametrize(
    "line",
    [
        b"GET http://evil.example/v1/x HTTP/1.1",
        b"GET /v1/x HTTP/1.1\r\nX-Forwarded-Host: evil.example",
    ],
)
def test_nothing_else_is_reached(gateway: Server, console: StandIn, line: bytes) -> None:
    answer = gateway.answer_to(line + b"\r\nHost: forms.example.org\r\nConnection: close\r\n\r\n")
    assert b" 200 " in answer
    assert [heard.target for heard in console.heard] == ["/v1/x"]
    assert console.heard[0].header("host") == [console.url.removeprefix("http://")]


@pytest.mark.parametrize(
    "target", [b"/v1/../console/x", b"/v1/%2e%2E/x", b"/v1//evil.example/", b"//v1/x", b"/v1/..%2fx"]
)
def test_what_may_be_taken_for_another_path_is_not_passed(gateway: Server, console: StandIn, target: bytes) -> None:
    answer = gateway.answer_to(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b" 404 " in answer.partition(b"\r\n")[0]
    assert console.heard == []


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PURGE"])
def test_methods_that_no_console_has_are_not_passed(gateway: Server, console: StandIn, method: str) -> None:
    line = f"{method} /v1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert gateway.answer_to(line.encode()).partition(b"\r\n")[0].split(b" ")[1] in {b"400", b"404", b"405"}
    assert console.heard == []


def test_the_answer_to_head_has_no_body(gateway: Server, console: StandIn) -> None:
    console.answers["/v1/"] = fixed(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
    answer = requests.head(gateway.url + "/v1/x", timeout=10)
    assert (answer.headers["Content-Length"], answer.content) == ("1234", b"")


def test_interim_answers_are_read_over(gateway: Server, console: StandIn) -> None:
    console.answers["/v1/"] = fixed(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK)
    answer = requests.get(gateway.url + "/v1/x", timeout=10)
    assert (answer.status_code, answer.json(), "Link" in answer.headers) == (200, {}, False)


def test_a_long_body_passes_in_pieces(gateway: Server, console: StandIn) -> None:
    body = bytes(range(256)) * 4096  # the limit
    assert requests.put(gateway.url + "/v1/x", data=body, timeout=10).status_code == 200
    assert console.heard[0].body == body
    answer = requests.put(gateway.url + "/v1/x", data=body + b"!", timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")
    assert len(console.heard) == 1


def test_an_answer_before_the_end_of_a_body_is_seen(gateway: Server, console: StandIn) -> None:
    console.reads_bodies = False

    def refuse(heard: Heard) -> None:
        heard.say(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno\n")
        heard.is_left()

    console.answers["/v1/"] = refuse
    for _ in range(5):
        answer = requests.post(gateway.url + "/v1/x", data=b"x" * 1024 * 1024, timeout=10)
        assert (answer.status_code, answer.text) == (413, "no\n")


def test_whoever_lets_bodies_drip_without_a_key_keeps_nothing(gateway: Server, console: StandIn) -> None:
    console.reads_bodies = False

    def refuse(heard: Heard) -> None:
        heard.say(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        heard.is_left()

    console.answers["/v1/"] = refuse
    with ExitStack() as held:
        dripping = [held.enter_context(gateway.connect()) for _ in range(LINGER_OF_ONE + 2)]
        for number, one in enumerate(dripping, 1):
            one.sendall(b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 70_000)
            eventually(lambda: len(console.heard) == number, 5, "there is a place")  # noqa: B023 - it is called here
        answered, _, _ = select.select(dripping, [], [], 5)  # nobody reads on more bodies than so many
        assert answered


def test_a_body_is_asked_for_where_the_client_waits(gateway: Server, console: StandIn) -> None:
    with gateway.connect() as connection:
        connection.sendall(b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert b" 200 " in connection.recv(1000)
    assert (console.heard[0].body, console.heard[0].header("expect")) == (b"{}", [])


def test_a_body_without_a_length_is_refused(gateway: Server, console: StandIn) -> None:
    answer = requests.post(gateway.url + "/v1/x", data=iter([b"a", b"b"]), timeout=10)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "LENGTH_REQUIRED")
    assert console.heard == []


@pytest.mark.parametrize("length", [1000, 200_000])
def test_a_body_that_breaks_off_reaches_nobody_as_whole(gateway: Server, console: StandIn, length: int) -> None:
    with gateway.connect() as connection:
        connection.sendall(b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % length)
        connection.sendall(b"x" * (length - 1))
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)
    time.sleep(0.5)
    assert all(len(heard.body) < length for heard in console.heard)


def test_an_answer_of_any_length_comes_as_it_comes(gateway: Server, console: StandIn) -> None:
    go_on = threading.Event()

    def export(heard: Heard) -> None:
        heard.say(CHUNKED + chunk(b"first"))
        go_on.wait(10)
        for _ in range(200):
            heard.say(chunk(b"y" * 100_000))
        heard.say(chunk(b"last") + b"0\r\n\r\n")

    console.answers["/v1/export"] = export
    with requests.get(gateway.url + "/v1/export", stream=True, timeout=10) as answer:
        pieces = answer.iter_content(None)
        assert next(pieces) == b"first"
        go_on.set()
        rest = b"".join(pieces)
    assert (len(rest), rest[-5:]) == (20_000_004, b"ylast")
    assert answer.headers["Content-Type"] == "text/csv"


BREAKS = {
    "a long answer with a length": b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"y" * 100_000,
    "chunks, between two": CHUNKED + chunk(b"y" * 100_000),
    "chunks, in one": CHUNKED + chunk(b"y" * 100_000)[:-5],
    "chunks, in the last": CHUNKED + chunk(b"y" * 100_000) + b"0\r\n",
}


@pytest.mark.parametrize("protocol", ["1.1", "1.0"])
@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_answer_never_looks_complete(gateway: Server, console: StandIn, name: str, protocol: str) -> None:
    def answer(heard: Heard) -> None:
        heard.say(BREAKS[name])

    console.answers["/v1/export"] = answer
    with gateway.connect() as connection:
        connection.settimeout(70)
        connection.sendall(f"GET /v1/export HTTP/{protocol}\r\nHost: x\r\n\r\n".encode())
        began_s = time.monotonic()
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            read_all(http.client.HTTPResponse(connection))
    assert time.monotonic() - began_s < 15
    assert requests.get(gateway.url + "/v1/x", timeout=10).status_code == 200


def read_all(response: http.client.HTTPResponse) -> None:
    """Read an answer to its end; raises also where a length was not kept, which the library leaves out."""
    response.begin()
    while response.read(10_000):
        pass
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)


def test_another_connection_of_the_same_client_stays(gateway: Server, console: StandIn) -> None:
    console.answers["/v1/export"] = fixed(CHUNKED + chunk(b"y" * 1000))

    def slow(heard: Heard) -> None:
        heard.say(CHUNKED + chunk(b"z" * 5000))
        time.sleep(8)
        heard.say(b"0\r\n\r\n")

    console.answers["/v1/slow"] = slow
    with ThreadPoolExecutor() as pool:
        whole = pool.submit(requests.get, gateway.url + "/v1/slow", timeout=30)
        broken = pool.submit(requests.get, gateway.url + "/v1/export", timeout=90)
        assert whole.result().content == b"z" * 5000
        assert isinstance(broken.exception(), requests.exceptions.ChunkedEncodingError | requests.ConnectionError)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
        b"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_is_no_answer_503(gateway: Server, console: StandIn, answer: bytes) -> None:
    console.answers["/"] = fixed(answer)
    refused = requests.get(gateway.url + "/v1/x", timeout=10)
    assert (refused.status_code, refused.headers["Content-Type"]) == (503, "application/problem+json")
    assert refused.headers["Retry-After"]
    assert requests.get(gateway.url + "/console/x", timeout=10).headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"])
def test_a_reading_is_asked_again_and_a_change_is_not(gateway: Server, console: StandIn, said: bytes) -> None:
    def break_three_times(heard: Heard) -> None:
        if len(console.heard) <= 3:
            heard.say(said)
            heard.reset()
        else:
            heard.say(OK)

    console.answers["/v1/"] = break_three_times
    assert requests.get(gateway.url + "/v1/x", timeout=10).status_code == 200
    assert len(console.heard) == 4
    console.heard.clear()
    assert requests.post(gateway.url + "/v1/x", timeout=10).status_code == 503
    assert len(console.heard) == 1


def test_while_the_console_is_away_posts_are_taken(gateway: MeasuredServer, console: StandIn) -> None:
    failed = gateway.metric("counterfoil_passed_failed_total", reason="away")
    console.stop()
    for path in ("/v1/x", "/console"):
        began_s = time.monotonic()
        answer = requests.get(gateway.url + path, timeout=10)
        assert (answer.status_code, time.monotonic() - began_s < 3) == (503, True)
    assert "<h1>The console does not answer just now." in answer.text
    assert gateway.post().status_code == 202
    console.start()
    assert requests.get(gateway.url + "/v1/x", timeout=10).status_code == 200
    assert gateway.metric("counterfoil_passed_failed_total", reason="away") == failed + 2
    log = [json.loads(line)["event"] for line in gateway.log.read_text().splitlines() if line.startswith("{")]
    assert [event for event in log if event in {"console is away", "console is back"}] == [
        "console is away",
        "console is back",
    ]


def test_what_is_beyond_the_bounds_waits_and_is_refused(gateway: MeasuredServer, console: StandIn) -> None:
    go_on = threading.Event()

    def answer_later(heard: Heard) -> None:
        go_on.wait(20)
        heard.say(OK)

    console.answers["/v1/slow"] = answer_later
    with ThreadPoolExecutor() as pool, ExitStack() as ended:
        ended.callback(go_on.set)
        slow = [pool.submit(requests.get, gateway.url + "/v1/slow", timeout=30) for _ in range(3)]
        eventually(lambda: len(console.heard) == 3, 10, "as many as one source may have")
        began_s = time.monotonic()
        answer = requests.get(gateway.url + "/v1/x", timeout=10)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert 1.5 < time.monotonic() - began_s < 5
        assert asked_from(gateway, "127.0.0.2") == 200  # another source
        assert gateway.post().status_code == 202
        waiting = pool.submit(requests.get, gateway.url + "/v1/x", timeout=10)
        time.sleep(0.5)
        go_on.set()
        assert [one.result().status_code for one in [*slow, waiting]] == [200] * 4
    assert gateway.metric("counterfoil_passed_refused_total", bound="source", kind="requests") == 1


def asked_from(gateway: Server, source: str) -> int:
    with gateway.connect(source) as connection:
        connection.sendall(b"GET /v1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return int(connection.recv(1000).split(b" ")[1])


def a_stream(heard: Heard) -> None:
    heard.say(EVENTS + chunk(b"data: 1\n\n"))
    heard.is_left(30)


def open_stream(gateway: Server) -> requests.Response:
    return requests.get(gateway.url + "/console/events", stream=True, timeout=20)


def test_streams_have_places_of_their_own(gateway: MeasuredServer, console: StandIn) -> None:
    console.answers["/console/events"] = a_stream
    with open_stream(gateway) as first, open_stream(gateway) as second:
        pieces = [stream.iter_content(None) for stream in (first, second)]  # kept: without them the streams would end
        assert list(map(next, pieces)) == [b"data: 1\n\n"] * 2
        with open_stream(gateway) as third:
            assert third.status_code == 503
        assert requests.get(gateway.url + "/v1/x", timeout=10).status_code == 200
        eventually(lambda: gateway.in_flight() == (0, 2), 5, "two streams")
    eventually(lambda: gateway.in_flight() == (0, 0), 10, "no stream")
    with open_stream(gateway) as again:
        assert again.status_code == 200


def begun(address: str) -> requests.Response | None:
    """Return a download that has its place; None where there is none yet: another test's stream may be ending."""
    answer = requests.get(address, stream=True, timeout=30)
    if answer.status_code == 503:
        answer.close()
        return None
    return answer


def test_whoever_saves_files_keeps_nobody_from_asking(gateway: MeasuredServer, console: StandIn) -> None:
    """A reader who is slow, or goes on in several parts at once, has the places of streams."""
    go_on, size = threading.Event(), 1_000_000

    def a_file(heard: Heard) -> None:
        saved = b"Content-Disposition: Attachment; filename=x\r\nContent-Length: %d\r\n\r\n" % size
        heard.say(b"HTTP/1.1 206 Partial Content\r\n" + saved + b"y" * 100_000)
        go_on.wait(20)
        heard.say(b"y" * (size - 100_000))

    console.answers["/v1/submissions/1/files/1"] = a_file
    address = gateway.url + "/v1/submissions/1/files/1"
    with ExitStack() as ended:
        ended.callback(go_on.set)
        saved = [ended.enter_context(eventually(partial(begun, address), 20, "a place")) for _ in range(2)]
        eventually(lambda: gateway.in_flight() == (0, 2), 10, "two downloads")
        assert requests.get(gateway.url + "/v1/x", timeout=10).status_code == 200
        assert requests.get(address, timeout=10).status_code == 503
        go_on.set()
        assert [len(one.content) for one in saved] == [size] * 2
    eventually(lambda: gateway.in_flight() == (0, 0), 10, "no download")


def test_the_rest_of_a_file_passes(gateway: Server, console: StandIn) -> None:
    part = b'Content-Range: bytes 5-9/10\r\nContent-Length: 5\r\nETag: "a"\r\nContent-Type: application/pdf\r\n'
    console.answers["/v1/submissions/1/files/1"] = fixed(b"HTTP/1.1 206 Partial Content\r\n%s\r\n56789" % part)
    asked = {"Range": "bytes=5-", "If-Range": '"a"'}
    answer = requests.get(gateway.url + "/v1/submissions/1/files/1", headers=asked, timeout=10)
    (heard,) = console.heard
    assert (heard.header("range"), heard.header("if-range")) == (["bytes=5-"], ['"a"'])
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (206, b"56789", '"a"')
    assert (answer.headers["Content-Range"], answer.headers["Content-Length"]) == ("bytes 5-9/10", "5")


@pytest.mark.parametrize("head", [EVENTS, CHUNKED])
def test_whoever_goes_away_ends_the_consoles_work(gateway: Server, console: StandIn, head: bytes) -> None:
    left = threading.Event()

    def answer(heard: Heard) -> None:
        heard.say(head + chunk(b"data: 1\n\n"))
        if heard.is_left(10):
            left.set()

    console.answers["/console/events"] = answer
    stream = open_stream(gateway)
    next(stream.iter_content(None))
    stream.close()
    assert left.wait(8)


def test_streams_end_with_the_process(tmp_path: Path, broker_url: str, console: StandIn) -> None:
    console.answers["/console/events"] = a_stream
    with MeasuredServer(tmp_path, broker_url, console) as gateway, open_stream(gateway) as stream:
        pieces = stream.iter_content(None)
        assert next(pieces) == b"data: 1\n\n"
        began_s = time.monotonic()
        send([gateway.pid], signal.SIGTERM)
        assert list(pieces) == []
        assert gateway.wait(10) == 0
        assert time.monotonic() - began_s < 5
