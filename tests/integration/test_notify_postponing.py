"""However long an endpoint asks to be left alone, a webhook is tried again, and fails visibly: on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from notify_service.deliveries.recording import Recorder
from notify_service.deliveries.retries import AGE_LIMIT, EARLIEST, PAUSE_MOST_S
from notify_service.deliveries.table import DeliveryTable
from notify_service.tables import MIGRATIONS, deliveries
from shared import database
from shared.messaging.failures import RetryLater
from shared.messaging.topology import NOTIFY_HTTP
from support.events import an_event
from support.migrating import migrate
from support.webhooks import URL, WebhookWorld

EVENT = an_event()


class World(WebhookWorld):
    """Webhooks whose deliveries are in a database."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine, self.table = engine, DeliveryTable(engine)
        recorder = Recorder(self.table.record_sent)
        self.handler = replace(self.handler, deliveries=self.table, recorder=recorder)

    def state(self) -> str:
        [shown] = self.table.confirmations(EVENT.id)
        return shown.state

    def level_s(self, *, attempt: int = 0) -> float | None:
        """Handle the message, and return how long the broker then keeps it; None where it is done."""
        try:
            self.handle(EVENT, attempt=attempt)
        except RetryLater as error:
            return NOTIFY_HTTP.levels_s[NOTIFY_HTTP.level_for(error.after_s)]
        return None

    def wait_until(self, next_attempt_at: datetime) -> None:
        """Let the row wait as an earlier version wrote it."""
        with self.engine.begin() as connection:
            connection.execute(update(deliveries).values(next_attempt_at=next_attempt_at))


@contextmanager
def a_world(notify_database_url: str) -> Iterator[World]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield World(engine)
    engine.dispose()


@pytest.fixture
def world(notify_database_url: str) -> Iterator[World]:
    with a_world(notify_database_url) as made:
        yield made


@pytest.fixture
def sqlite_world(sqlite_url: str) -> Iterator[World]:
    """A world for what does not depend on the database's kind."""
    with a_world(sqlite_url) as made:
        yield made


@pytest.mark.parametrize(
    ("status", "retry_after", "part"),
    [
        (503, "0", 1.0),
        (503, "21600", EARLIEST),
        (503, "21601", 1.0),
        (429, "2592000", EARLIEST),
        (404, "99999999999999999999", 1.0),
        (503, "Sun, 22 Nov 2026 00:00:00 GMT", 1.0),
        (429, "Fri, 31 Dec 2027 12:00:00 GMT", 1.0),
        (404, "Fri, 31 Dec 9999 23:59:59 GMT", EARLIEST),
        (503, "Fri, 31 Dec 9999 23:59:59 -2359", 1.0),
        (503, "-2592000", 1.0),
        (503, "inf", EARLIEST),
        (503, "", 1.0),
    ],
)
def test_a_webhook_has_failed_within_six_hours_of_72(
    sqlite_world: World, status: int, retry_after: str, part: float
) -> None:
    sqlite_world.caller.answers[URL], sqlite_world.caller.retry_after = status, retry_after
    accepted_at, attempt = sqlite_world.clock.now, 0
    while (after_s := sqlite_world.level_s(attempt=attempt)) is not None:
        assert sqlite_world.state() == "retrying"
        sqlite_world.clock.forward(seconds=after_s * part)
        attempt += 1
        assert attempt < 30
    assert sqlite_world.state() == "failed"
    assert len(sqlite_world.caller.posted) >= 12, "it was tried again and again"
    assert AGE_LIMIT <= sqlite_world.clock.now - accepted_at <= AGE_LIMIT + timedelta(seconds=PAUSE_MOST_S)


@pytest.mark.parametrize("until", [datetime(2027, 12, 31, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)])
def test_a_row_that_was_put_off_for_longer_is_tried_all_the_same(world: World, until: datetime) -> None:
    world.caller.answers[URL] = 503
    assert world.level_s()
    world.wait_until(until)
    world.caller.answers = {}
    assert world.level_s(attempt=1) is None
    assert (world.state(), len(world.caller.posted)) == ("sent", 2)


def test_a_row_that_is_too_old_does_not_wait_for_its_time(world: World) -> None:
    world.caller.answers[URL] = 503
    assert world.level_s()
    world.clock.forward(seconds=AGE_LIMIT.total_seconds())
    world.wait_until(world.clock.now + timedelta(hours=1))
    assert world.level_s(attempt=1) is None
    assert (world.state(), len(world.caller.posted)) == ("failed", 2)


def test_a_row_that_waits_for_six_hours_waits_for_them(world: World) -> None:
    world.caller.answers[URL] = 503
    assert world.level_s()
    world.wait_until(world.clock.now + timedelta(seconds=PAUSE_MOST_S))
    assert world.level_s(attempt=1) == PAUSE_MOST_S
    assert len(world.caller.posted) == 1
