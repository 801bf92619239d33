"""How many may watch receipts at once, and that whoever leaves makes room, however they leave."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from gateway.receipts.tokens import Ticket, Tokens
from gateway.receipts.watchers import RECEIPT_MOST, SOURCE_MOST, Crowded, Watchers
from support.gateway_app import SECRET, Gateway, Receipts, a_gateway, document_of, errors_of, watches_of

ONE, OTHER = UUID(int=7), UUID(int=8)


def path_of(number: int) -> str:
    ticket = Ticket(UUID(int=number), "signup", datetime(2026, 11, 22, tzinfo=UTC), confirmed=True)
    return f"/receipts/{Tokens(SECRET).sign(ticket)}"


PATH = path_of(7)


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    gateway = a_gateway(tmp_path, watchers_most=1)
    Receipts().serve(gateway.broker)
    return gateway


def stream(gateway: Gateway) -> TestResponse:
    return gateway.client.get(f"{PATH}/events", buffered=False)


def leave_at_once(answer: TestResponse) -> None:
    answer.close()


def leave_after_an_event(answer: TestResponse) -> None:
    chunks = answer.iter_encoded()
    next(chunks), next(chunks)
    answer.close()


@pytest.mark.parametrize("leave", [leave_at_once, leave_after_an_event])
def test_who_leaves_a_stream_makes_room(gateway: Gateway, leave: Callable[[TestResponse], None]) -> None:
    first = stream(gateway)
    refused = stream(gateway)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert errors_of(refused) == [("UNAVAILABLE", None)]
    leave(first)
    assert watches_of(gateway) == {}
    assert stream(gateway).status_code == 200


def test_a_stream_that_ends_makes_room(gateway: Gateway) -> None:
    gateway.app.end_streams()
    for _ in range(3):
        answer = stream(gateway)
        assert answer.status_code == 200
        assert b"event: receipt" in answer.data
        answer.close()


def test_a_request_for_the_headers_alone_keeps_no_place(gateway: Gateway) -> None:
    for _ in range(3):
        assert gateway.client.head(f"{PATH}/events").status_code == 200


def test_a_long_poll_without_room_answers_at_once_and_says_so(gateway: Gateway) -> None:
    watching = stream(gateway)
    answer = gateway.client.get(PATH, headers={"Prefer": "wait=30"})
    assert answer.status_code == 200
    assert document_of(answer)["state"] == "accepted"
    assert "Preference-Applied" not in answer.headers
    watching.close()


def test_a_long_poll_makes_room(gateway: Gateway) -> None:
    for _ in range(2):
        answer = gateway.client.get(PATH, headers={"Prefer": "wait=1"})
        assert answer.headers["Preference-Applied"] == "wait=1"
    assert stream(gateway).status_code == 200


def test_posts_and_receipts_go_on_without_room_to_watch(gateway: Gateway) -> None:
    watching = stream(gateway)
    gateway.submitted()
    assert gateway.client.get(PATH).status_code == 200
    assert gateway.client.get("/readyz").status_code == 200
    watching.close()


def test_a_place_is_for_any_submission() -> None:
    watchers = Watchers(2)
    with (
        watchers.watch(ONE, "192.0.2.1"),
        watchers.watch(OTHER, "192.0.2.1"),
        pytest.raises(Crowded),
        watchers.watch(OTHER, "192.0.2.1"),
    ):
        pass
    with watchers.watch(ONE, "192.0.2.1"), watchers.watch(ONE, "192.0.2.1"):
        pass


def test_one_receipt_does_not_take_every_place() -> None:
    watchers = Watchers()
    with ExitStack() as stack:
        for number in range(RECEIPT_MOST):
            stack.enter_context(watchers.watch(ONE, f"192.0.2.{number}"))
        with pytest.raises(Crowded), watchers.watch(ONE, "198.51.100.1"):
            pass
        with watchers.watch(OTHER, "198.51.100.1"):
            pass
    with watchers.watch(ONE, "198.51.100.1"):
        pass
    assert (watchers._watches, watchers._sources) == ({}, {})


def test_one_source_does_not_take_every_place() -> None:
    watchers = Watchers()
    with ExitStack() as stack:
        for number in range(SOURCE_MOST):
            stack.enter_context(watchers.watch(UUID(int=number), "192.0.2.1"))
        with pytest.raises(Crowded), watchers.watch(UUID(int=SOURCE_MOST), "192.0.2.1"):
            pass
        with watchers.watch(UUID(int=SOURCE_MOST), "192.0.2.2"):
            pass
    with watchers.watch(ONE, "192.0.2.1"):
        pass


@pytest.mark.parametrize("most", [2, 60])
def test_how_many_of_one_source_may_watch_is_a_setting(tmp_path: Path, most: int) -> None:
    gateway = a_gateway(tmp_path, watchers_most=1000, watchers_per_source=most)
    Receipts().serve(gateway.broker)
    with ExitStack() as stack:
        answers = [
            stack.enter_context(gateway.client.get(f"{path_of(number)}/events", buffered=False))
            for number in range(most + 1)
        ]
        assert [answer.status_code for answer in answers] == [200] * most + [503]
        elsewhere = gateway.client.get(f"{path_of(0)}/events", environ_base={"REMOTE_ADDR": "192.0.2.9"})
        stack.enter_context(elsewhere)
        assert elsewhere.status_code == 200
        waited = gateway.client.get(path_of(0), headers={"Prefer": "wait=30"})
        assert (waited.status_code, "Preference-Applied" in waited.headers) == (200, False), "it does not wait"
