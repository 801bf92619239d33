"""What is passed on to the console: which targets, which headers, how much at once, and how an answer is read."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.headers import answered_headers, asked_headers
from gateway.console.reading import AnswerReader, Unreadable
from gateway.console.target import side_of, target_of
from gateway.http.places import Full, Places


@pytest.mark.parametrize(
    ("path", "side"),
    [
        ("/v1", "v1"),
        ("/v1/", "v1"),
        ("/v1/submissions", "v1"),
        ("/console", "console"),
        ("/console/a\nb", "console"),
        ("/v10", None),
        ("/V1/x", None),
        ("/consoles", None),
        ("//v1/x", None),
        ("/f/v1", None),
        ("/x/../v1/x", None),
        ("", None),
    ],
)
def test_what_is_the_consoles(path: str, side: str | None) -> None:
    assert side_of(path) == side


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        ("/v1/submissions", "q=a%20b&c=%2F..%2F", "/v1/submissions?q=a%20b&c=%2F..%2F"),
        ("/v1/forms/a b/x", "", "/v1/forms/a%20b/x"),
        ("/v1/a?b#c%d", "", "/v1/a%3Fb%23c%25d"),
        ("/v1/a:b@c!$&'()*+,;=~-._", "", "/v1/a:b@c!$&'()*+,;=~-._"),
        ("/v1/Ã¼", "q=Ã¼", "/v1/%C3%BC?q=%C3%BC"),
        ("/v1/\0\r\n", "", "/v1/%00%0D%0A"),
        ("/v1/%2e%2e/x", "", "/v1/%252e%252e/x"),
        ("/v1/...", "?", "/v1/...??"),
        ("/v1/", "", "/v1/"),
    ],
)
def test_a_target_is_written_in_one_way(path: str, query: str, target: str) -> None:
    assert target_of({"PATH_INFO": path, "QUERY_STRING": query}) == target.encode()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../console/x",
        "/v1/./x",
        "/v1/..",
        "/v1/..;a=b/console",
        "/v1/.;/x",
        "/v1//x",
        "/v1//",
        "/v1/..\\x",
        "/v1/x\\y",
    ],
)
def test_what_others_may_take_for_another_path_is_none(path: str) -> None:
    assert target_of({"PATH_INFO": path, "QUERY_STRING": ""}) is None


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_no_target_breaks_out_of_its_line(path: bytes, query: bytes) -> None:
    environ = {"PATH_INFO": "/v1/" + path.decode("latin-1"), "QUERY_STRING": query.decode("latin-1")}
    target = target_of(environ)
    assert target is None or (target.startswith(b"/v1/") and all(0x21 <= byte <= 0x7E for byte in target))


ENVIRON: dict[str, Any] = {
    "REQUEST_METHOD": "GET",
    "REMOTE_ADDR": "203.0.113.9",
    "wsgi.url_scheme": "https",
    "HTTP_HOST": "forms.example.org:8443",
    "CONTENT_TYPE": "application/json",
    "HTTP_ACCEPT": "application/json",
    "HTTP_IF_MATCH": '"3"',
    "HTTP_COOKIE": "session=secret",
    "HTTP_AUTHORIZATION": "Bearer cf_key",
    "HTTP_LAST_EVENT_ID": "7",
}
DROPPED = {
    "HTTP_CONNECTION": "close, X-Private , accept-language",
    "HTTP_X_PRIVATE": "listed",
    "HTTP_ACCEPT_LANGUAGE": "listed",
    "HTTP_KEEP_ALIVE": "1",
    "HTTP_TE": "trailers",
    "HTTP_UPGRADE": "h2c",
    "HTTP_TRANSFER_ENCODING": "chunked",
    "HTTP_PROXY_AUTHORIZATION": "Basic x",
    "HTTP_PROXY": "http://evil.example",
    "HTTP_EXPECT": "100-continue",
    "HTTP_FORWARDED": "for=192.0.2.66",
    "HTTP_X_FORWARDED_FOR": "192.0.2.66",
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_X_FORWARDED_PREFIX": "/evil",
    "HTTP_X_REAL_IP": "192.0.2.66",
    "HTTP_X_ORIGINAL_URL": "/console",
    "HTTP_CONTENT_LENGTH": "7",  # a header that is called Content_Length
    "HTTP_CONTENT_TYPE": "text/html",
    "HTTP_VIA": "1.1 evil",
}
MADE = {
    "via": "1.1 counterfoil",
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "forms.example.org:8443",
}


def test_who_asks_is_said_by_us_alone() -> None:
    headers = asked(ENVIRON | DROPPED)
    assert headers == MADE | {
        "accept": "application/json",
        "if-match": '"3"',
        "cookie": "session=secret",
        "authorization": "Bearer cf_key",
        "last-event-id": "7",
        "content-type": "application/json",
    }


def test_cookies_are_for_pages_alone() -> None:
    assert "cookie" not in asked(ENVIRON, "v1")
    pairs = [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"ETag", b"x")]
    assert answered_headers(pairs, "v1") == [("ETag", "x")]
    assert [value for _, value in answered_headers(pairs, "console")] == ["a=1", "b=2", "x"]


def test_the_processs_own_variables_are_no_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY_PASSWORD", "secret")
    assert "proxy-password" not in asked(ENVIRON | {"HTTP_PROXY_PASSWORD": "secret"})


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        ("2001:db8::1", "2001:db8::1"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("unknown", "unknown"),
        ("203.0.113.9\r\nx: y", "unknown"),
        ("", "unknown"),
    ],
)
def test_an_address_is_one_or_unknown(remote: str, said: str) -> None:
    assert asked(ENVIRON | {"REMOTE_ADDR": remote})["x-forwarded-for"] == said


@pytest.mark.parametrize("host", ["a host", "a,b", "a/b", "", "a@b", "x" * 300])
def test_a_host_that_is_none_is_not_passed(host: str) -> None:
    assert "x-forwarded-host" not in asked(ENVIRON | {"HTTP_HOST": host})


def test_an_answers_connection_stays_behind() -> None:
    pairs = [
        (b"Connection", b"close, X-Inner"),
        (b"X-Inner", b"1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Keep-Alive", b"timeout=5"),
        (b"Server", b"granian"),
        (b"Access-Control-Allow-Credentials", b"true"),
        (b"Content-Type", b"text/csv"),
        (b"X-Rows-Expected", b"3"),
    ]
    assert answered_headers(pairs, "console") == [("Content-Type", "text/csv"), ("X-Rows-Expected", "3")]


def asked(environ: dict[str, Any], side: Any = "console") -> dict[str, str]:
    headers = [(name.decode(), value.decode()) for name, value in asked_headers(environ, side)]
    assert len({name for name, _ in headers}) == len(headers)
    return dict(headers)


def test_a_source_has_no_more_than_its_places() -> None:
    places = Places(3, 2, wait_s=0)
    with places.place("a"), places.place("a"):
        assert bound_of(places, "a") == "source"
        with places.place("b"):
            assert (places.taken, bound_of(places, "c")) == (3, "all")
        with places.place("c"):
            pass
    assert places.taken == 0


def test_whoever_waits_gets_the_place_that_is_left() -> None:
    places = Places(1, 1, wait_s=10)
    with ExitStack() as held:
        held.enter_context(places.place("a"))
        threading.Timer(0.2, held.close).start()
        began_s = time.monotonic()
        with places.place("b"):
            assert 0.1 < time.monotonic() - began_s < 5


def test_no_more_wait_than_may_be_in() -> None:
    places = Places(2, 1, wait_s=5)
    with places.place("a"), places.place("b"):
        waiting = threading.Thread(target=bound_of, args=(places, "a"), daemon=True)
        waiting.start()
        while not places._waiting["a"]:
            time.sleep(0.01)
        began_s = time.monotonic()
        assert bound_of(places, "a") == "source"
        assert time.monotonic() - began_s < 2


def test_whoever_raises_leaves_the_place() -> None:
    places = Places(1, 1, wait_s=0)
    with pytest.raises(RuntimeError), places.place("a"):
        raise RuntimeError
    assert places.taken == 0


def bound_of(places: Places, source: str) -> str | None:
    try:
        with places.place(source):
            return None
    except Full as full:
        return str(full)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: Text/CSV; header=present\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
ANSWERS = {
    "a length": (HEAD + b"Content-Length: 5\r\n\r\nhello", b"hello", 5),
    "chunks": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Trailer: 1\r\n\r\n",
        b"hello",
        None,
    ),
    "an interim answer before": (
        b"HTTP/1.1 100 Continue\r\n\r\n" + INTERIM + HEAD + b"Content-Length: 5\r\n\r\nhello",
        b"hello",
        5,
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
@given(data=st.data())
def test_an_answer_is_read_wherever_it_is_cut(name: str, data: st.DataObject) -> None:
    answer, body, length = ANSWERS[name]
    cuts = sorted(data.draw(st.lists(st.integers(1, len(answer) - 1), max_size=5, unique=True)))
    reader, read = AnswerReader(has_body=True), b""
    for begin, end in zip([0, *cuts], [*cuts, len(answer)], strict=True):
        assert not reader.is_complete
        reader.feed(answer[begin:end])
        read += reader.take()
    assert (reader.is_complete, read, reader.status) == (True, body, 200)
    assert (reader.length, reader.kind, len(reader.headers)) == (length, b"text/csv", 2)


@pytest.mark.parametrize("name", ["a length", "chunks"])
def test_an_answer_that_breaks_off_is_none(name: str) -> None:
    answer = ANSWERS[name][0]
    for end in range(1, len(answer)):
        reader = AnswerReader(has_body=True)
        reader.feed(answer[:end])
        with pytest.raises(Unreadable):
            reader.feed(b"")


def test_without_a_length_the_end_of_the_connection_is_the_end() -> None:
    reader = AnswerReader(has_body=True)
    reader.feed(HEAD + b"\r\nhel")
    reader.feed(b"lo")
    assert not reader.is_complete
    reader.feed(b"")
    assert (reader.is_complete, reader.take(), reader.length) == (True, b"hello", None)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_nothing_follows_on_these(status: bytes) -> None:
    reader = AnswerReader(has_body=True)
    reader.feed(b"HTTP/1.1 " + status + b"\r\nETag: x\r\n\r\n")
    assert (reader.is_complete, reader.is_bare) == (True, True)


def test_the_answer_to_head_has_a_length_and_no_body() -> None:
    reader = AnswerReader(has_body=False)
    reader.feed(HEAD + b"Content-Length: 5\r\n\r\n")
    assert (reader.is_complete, reader.is_bare, reader.length, reader.take()) == (True, True, 5, b"")


def test_what_comes_after_the_answer_is_not_read() -> None:
    reader = AnswerReader(has_body=True)
    reader.feed(ANSWERS["a length"][0] + b"HTTP/1.1 500 Oh\r\nContent-Length: 1\r\n\r\n!")
    reader.feed(b"\0\0\0")
    assert (reader.status, reader.take(), len(reader.headers)) == (200, b"hello", 2)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"HTTP/1.1 999 Odd\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        HEAD + b"X: a\0b\r\n\r\n",
        HEAD + b"X y: a\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        HEAD + b"X: y\r\n" * 101 + b"\r\n",
        HEAD + b"X: " + b"y" * 70_000,
        INTERIM * 21,
        b"HTTP/1.1 200 " + b"x" * 70_000,
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(answer: bytes) -> None:
    reader = AnswerReader(has_body=True)
    with pytest.raises(Unreadable):  # noqa: PT012 - some are no answer only when they end
        for begin in range(0, len(answer), 1000):
            reader.feed(answer[begin : begin + 1000])
        reader.feed(b"")
