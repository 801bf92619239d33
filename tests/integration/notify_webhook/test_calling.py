"""One request: what an endpoint may do to it, and how long it may take. The fake of the unit tests answers alike."""

from __future__ import annotations

import socket
import ssl
import time

import pytest

from notify_service.transports.http.connection import Answer, GuardedCaller, NoAnswer, tls_context
from notify_service.transports.http.sender import Caller
from shared.public_addresses import parse_networks
from support.webhook_receiver import Receiver
from support.webhooks import FakeCaller, resolving

BODY = b'{"a": "b"}'
HEADERS = {"Content-Type": "application/json", "webhook-id": "accepted_1"}


@pytest.fixture(params=["fake", "real"])
def subject(request: pytest.FixtureRequest, receiver: Receiver, caller: GuardedCaller) -> Caller:
    fake = FakeCaller({receiver.url(path): answer for path, answer in ANSWERS.items()}, "30")
    receiver.answers.update(ANSWERS)
    receiver.headers["Retry-After"] = "30"
    return fake if request.param == "fake" else caller


ANSWERS: dict[str, int | str] = {"/ok": 200, "/gone": 410, "/busy": 503, "/moved": 302, "/drop": "drop"}


def test_a_status_is_an_answer_and_a_dropped_connection_is_none(subject: Caller, receiver: Receiver) -> None:
    for path, answer in ANSWERS.items():
        if isinstance(answer, int):
            assert subject.post(receiver.url(path), BODY, HEADERS, timeout_s=5) == Answer(answer, "30")
        else:
            with pytest.raises(NoAnswer):
                subject.post(receiver.url(path), BODY, HEADERS, timeout_s=5)


def test_what_is_posted_arrives_as_it_is(receiver: Receiver, caller: GuardedCaller) -> None:
    assert caller.post(receiver.url("/hook?key=1%202"), BODY, HEADERS, timeout_s=5) == Answer(204, None)
    [one] = receiver.received
    assert (one.path, one.body) == ("/hook?key=1%202", BODY)
    assert HEADERS.items() <= {"Content-Type": one.headers["content-type"], **one.headers}.items()
    assert one.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert one.headers["connection"] == "close"


def test_a_redirect_is_not_followed(receiver: Receiver, caller: GuardedCaller) -> None:
    receiver.answers["/hook"] = "redirect"
    assert caller.post(receiver.url(), BODY, HEADERS, timeout_s=5).status == 307
    assert [one.path for one in receiver.received] == ["/hook"]


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("answer", ["hang", "drip"])
def test_an_endpoint_that_keeps_silent_or_drips_is_left_in_time(
    answer: str, tls: bool, trusting: ssl.SSLContext
) -> None:
    caller = GuardedCaller(trusting, parse_networks("127.0.0.0/8"))
    with Receiver(tls=tls, answers={"/hook": answer}) as receiver:
        started_s = time.monotonic()
        with pytest.raises(NoAnswer, match="Timeout") as raised:
            caller.post(receiver.url(), BODY, HEADERS, timeout_s=0.5)
        assert raised.value.overtime
        assert 0.4 < time.monotonic() - started_s < 5, "each byte would begin the time anew, for ever"


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(("answer", "overtime"), [("huge", False), ("drip body", True), ("stall", True)])
def test_a_body_without_end_counts_as_the_status_before_it_and_is_left_after_a_second(
    answer: str, overtime: bool, tls: bool, trusting: ssl.SSLContext
) -> None:
    caller = GuardedCaller(trusting, parse_networks("127.0.0.0/8"))
    with Receiver(tls=tls, answers={"/hook": answer}) as receiver:
        started_s = time.monotonic()
        assert caller.post(receiver.url(), BODY, HEADERS, timeout_s=60) == Answer(200, None, overtime)
        assert time.monotonic() - started_s < 10, "it would be waited for as long as for the answer"


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200),
        (b"HTTP/1.1 102 Processing\r\n\r\n" + OK, 200),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nLink: </b>\r\n\r\n" + OK, 200),
        (b"HTTP/1.1 103 \r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 199 x\r\nA: b\r\n\r\n" + OK, 200),
        (b"HTTP/1.1 103 x\r\n\r\nHTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", 503),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + OK, 101),
        (b"HTTP/1.1 103 x\r\n\r\nHTTP/1.1 101 x\r\n\r\n", 101),
    ],
)
def test_interim_answers_are_read_over(answer: bytes, status: int, receiver: Receiver, caller: GuardedCaller) -> None:
    receiver.answers["/hook"] = answer
    assert caller.post(receiver.url(), BODY, HEADERS, timeout_s=5) == Answer(status, None)


@pytest.mark.parametrize("end", [b"", b"HTTP/1.1 103 x\r\n\r\n" * 1000])
def test_nothing_but_interim_answers_is_none(end: bytes, receiver: Receiver, caller: GuardedCaller) -> None:
    receiver.answers["/hook"] = b"HTTP/1.1 103 x\r\n\r\n" + end
    with pytest.raises(NoAnswer):
        caller.post(receiver.url(), BODY, HEADERS, timeout_s=5)


def test_who_does_not_read_is_left_in_time(caller: GuardedCaller) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(NoAnswer, match="Timeout"):
        caller.post(f"http://127.0.0.1:{deaf.getsockname()[1]}/", bytes(2**25), HEADERS, timeout_s=0.5)


def test_over_tls_the_name_is_asked_for_and_the_certificate_verified(trusting: ssl.SSLContext) -> None:
    allowed = parse_networks("127.0.0.0/8")
    with Receiver(tls=True) as receiver:
        assert GuardedCaller(trusting, allowed).post(receiver.url(host="localhost"), BODY, HEADERS, timeout_s=5)
        assert receiver.received[0].headers["host"] == f"localhost:{receiver.port}"
        elsewhere = GuardedCaller(trusting, allowed, resolving("127.0.0.1"))
        for distrusting, host in ((GuardedCaller(tls_context(), allowed), "localhost"), (elsewhere, "example.org")):
            with pytest.raises(NoAnswer, match="SSLCertVerificationError"):
                distrusting.post(receiver.url(host=host), BODY, HEADERS, timeout_s=5)
        assert len(receiver.received) == 1


def test_where_nobody_listens_there_is_no_answer(receiver: Receiver, caller: GuardedCaller) -> None:
    url = receiver.url()
    receiver.__exit__(None, None, None)
    with pytest.raises(NoAnswer, match="ConnectionRefusedError") as raised:
        caller.post(url, BODY, HEADERS, timeout_s=5)
    assert not raised.value.overtime
    receiver.__enter__()


@pytest.mark.parametrize("host", ["nobody.invalid", "a..b", "a" * 80])
def test_a_name_that_is_none_has_no_answer(host: str, caller: GuardedCaller) -> None:
    with pytest.raises(NoAnswer):
        caller.post(f"https://{host}/", BODY, HEADERS, timeout_s=5)


@pytest.mark.parametrize("size", [b"-5", b"-1", b"-0x1", b"zz", b""])
def test_a_chunk_of_no_size_breaks_the_body_off_and_counts_as_the_status_before_it(
    receiver: Receiver, caller: GuardedCaller, size: bytes
) -> None:
    receiver.answers["/hook"] = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\n" + b"o" * 100_000
    )
    assert caller.post(receiver.url(), BODY, HEADERS, timeout_s=60) == Answer(200, None)
