"""An open inbox is told what comes in: soon, seldom enough, no more than may listen, and until the process ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from shared.contracts import Confirmation, ConfirmationChanged, SubmissionsStored
from shared.messaging.failures import DependencyUnavailable
from shared.web.refusals import Refused
from storage_service.console.pages.inbox import stream as streams
from storage_service.console.pages.inbox.stream import SHOWN_MOST, stream
from storage_service.records import Arrivals, Crowded, Ended, QueryTookTooLong

STORED = SubmissionsStored((uuid4(),), datetime.now(UTC))


def chunks(arrivals: Arrivals, found: list[UUID], **options: float) -> Iterator[bytes]:
    """Return what a stream sends."""
    return iter(stream(arrivals, "ada", lambda: list(found), **options).iter_encoded())


def test_a_watcher_is_woken_by_what_was_stored_and_by_nothing_else() -> None:
    arrivals = Arrivals()
    with arrivals.watch("ada") as watch:
        arrivals.notice(ConfirmationChanged(uuid4(), Confirmation("email", "sent")))
        assert not watch.next(timeout_s=0.01)
        arrivals.notice(STORED)
        assert watch.next(timeout_s=5)
        assert not watch.next(timeout_s=0.01), "told once"
        threading.Timer(0.05, arrivals.notice, [STORED]).start()
        assert watch.next(timeout_s=10)


def test_so_many_may_watch_and_so_many_of_one_account() -> None:
    arrivals = Arrivals(3, asker_most=2)
    with arrivals.watch("ada"), arrivals.watch("ada"):
        with pytest.raises(Crowded), arrivals.watch("ada"):
            pass
        with arrivals.watch("bob"), pytest.raises(Crowded), arrivals.watch("eve"):
            pass
        assert arrivals.watching == 2
    assert arrivals.watching == 0


def test_the_end_of_the_process_ends_each_watch_at_once() -> None:
    arrivals = Arrivals()
    with arrivals.watch("ada") as watch, arrivals.watch("bob") as other:
        threading.Timer(0.05, arrivals.end).start()
        began_s = time.monotonic()
        with pytest.raises(Ended):
            watch.next(timeout_s=30)
        with pytest.raises(Ended):
            other.pause(30)
        assert time.monotonic() - began_s < 10
    with arrivals.watch("eve") as late, pytest.raises(Ended):
        late.next(timeout_s=30)


def test_a_stream_says_how_many_have_come_in_and_ends_with_the_process() -> None:
    arrivals, found = Arrivals(), [uuid4()]
    sent = chunks(arrivals, found)
    assert next(sent).startswith(b"retry: ")
    assert next(sent) == b'event: arrived\ndata: {"n": 1, "said": "1"}\n\n'
    found.extend(uuid4() for _ in range(SHOWN_MOST))
    arrivals.notice(STORED)
    assert b'"said": "100+"' in next(sent)
    arrivals.end()
    assert list(sent) == []


def test_a_quiet_stream_has_a_heartbeat() -> None:
    sent = chunks(Arrivals(), [], heartbeat_s=1.0)
    next(sent)
    assert [next(sent), next(sent)] == [b": still here\n\n"] * 2


def test_it_looks_at_most_once_a_second_however_much_is_stored() -> None:
    arrivals, looks = Arrivals(), list[float]()

    def look() -> list[UUID]:
        looks.append(time.monotonic())
        return [uuid4()] * len(looks)

    sent = iter(stream(arrivals, "ada", look).iter_encoded())
    stop = threading.Event()

    def store() -> None:
        while not stop.wait(0.005):
            arrivals.notice(STORED)

    storing = threading.Thread(target=store)
    storing.start()
    try:
        for _ in range(4):
            next(sent)
    finally:
        stop.set()
        storing.join()
    gaps = [later - earlier for earlier, later in pairwise(looks)]
    assert len(looks) == 3
    assert min(gaps) >= streams.LOOK_EVERY_S * 0.99


@pytest.mark.parametrize(
    ("error", "last"), [(DependencyUnavailable("away"), None), (QueryTookTooLong(5), b"event: stop\ndata: {}\n\n")]
)
def test_a_stream_ends_where_the_database_is_away_or_too_slow(error: Exception, last: bytes | None) -> None:
    def look() -> list[UUID]:
        raise error

    sent = list(stream(Arrivals(), "ada", look).iter_encoded())
    assert sent[1:] == ([] if last is None else [last])


def test_whoever_leaves_gives_the_place_back_also_before_the_first_event() -> None:
    arrivals = Arrivals(1)
    first = stream(arrivals, "ada", list)
    with pytest.raises(Refused) as refusal:
        stream(arrivals, "ada", list)
    assert refusal.value.status == 503
    first.close()
    second = stream(arrivals, "ada", list)
    next(iter(second.iter_encoded()))
    with suppress(ValueError):
        second.close()
    assert arrivals.watching == 0
