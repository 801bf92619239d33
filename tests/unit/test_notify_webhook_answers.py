"""What an endpoint's answers mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notify_service.transports.failures import Permanent, SendFailure, Transient
from notify_service.transports.http.answers import Postponed, failure_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def failed(status: int, retry_after: str | None = None) -> SendFailure:
    failure = failure_of(status, retry_after, NOW)
    assert failure is not None
    return failure


@pytest.mark.parametrize("status", range(200, 300))
def test_every_2xx_is_success(status: int) -> None:
    assert failure_of(status, "60", NOW) is None


def test_gone_is_for_good() -> None:
    assert isinstance(failed(410, "60"), Permanent)
    assert failed(410).reason == "status 410"


@pytest.mark.parametrize(
    "status", [100, 199, 300, 301, 307, 400, 401, 403, 404, 408, 409, 413, 422, 425, 500, 501, 999]
)
def test_what_may_be_mended_is_tried_again_and_says_nothing_of_the_endpoint(status: int) -> None:
    failure = failed(status)
    assert type(failure) is Transient
    assert not failure.tells_of_channel


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_overloaded_endpoint_is_soon_left_alone(status: int) -> None:
    assert type(failed(status)) is Transient
    assert failed(status).tells_of_channel
    assert failed(status, "60").tells_of_channel


@pytest.mark.parametrize(
    ("retry_after", "after_s"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("99999999999999999999", 999999999),
        ("Sun, 22 Nov 2026 12:10:00 GMT", 600),
        ("Sun, 22 Nov 2026 12:10:00 -0000", 600),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_a_date(retry_after: str, after_s: float) -> None:
    failure = failed(503, retry_after)
    assert isinstance(failure, Postponed)
    assert failure.after_s == after_s


@pytest.mark.parametrize(
    "retry_after",
    [
        *(None, "", "soon", "-5", "1.5", "²", "Mon, 99 Nov 2026 12:00:00 GMT"),
        "Sun, 22 Nov 2026 12:00:00 +99999999999999999",
    ],
)
def test_what_is_no_time_is_passed_over(retry_after: str | None) -> None:
    assert type(failed(503, retry_after)) is Transient
