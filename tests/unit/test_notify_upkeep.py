"""What storage gives back is published, and when the message of a delivery must have come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from notify_service.upkeep.open_rows import ASKED_AGAIN_AFTER, expected_at
from notify_service.upkeep.returning import PublishFound
from shared.contracts import DeliveryDue, DeliveryFound
from shared.messaging.failures import Delivery, DependencyUnavailable, PermanentFailure
from support.confirmations import NOON
from support.events import an_event

HOUR = timedelta(hours=1)


def test_what_is_given_back_is_published_and_a_channel_that_nobody_knows_is_parked() -> None:
    published: list[Any] = []

    def publish(due: Sequence[tuple[DeliveryDue, str | None]]) -> None:
        published.extend(due)

    found = [DeliveryFound(DeliveryDue(uuid4(), name, an_event())) for name in ("confirmation", "pigeon", "webhook")]
    results = PublishFound(publish)([Delivery(one, traceparent="trace") for one in found])
    assert [type(one) for one in results] == [type(None), PermanentFailure, type(None)]
    assert published == [(found[0].due, "trace"), (found[2].due, "trace")]


def test_what_cannot_be_published_is_not_done() -> None:
    def refuse(due: Sequence[tuple[DeliveryDue, str | None]]) -> None:
        raise DependencyUnavailable("away")

    with pytest.raises(DependencyUnavailable):
        PublishFound(refuse)([Delivery(DeliveryFound(DeliveryDue(uuid4(), "webhook", an_event())))])


@pytest.mark.parametrize(
    ("state", "members", "on_levels", "expected"),
    [
        ("pending", {}, False, NOON),
        ("pending", {}, True, NOON + ASKED_AGAIN_AFTER),
        ("sending", {"lease_until": NOON + HOUR}, True, NOON + HOUR),
        ("retrying", {"next_attempt_at": NOON + 4 * HOUR}, True, NOON + 5 * HOUR),
        ("held", {"next_attempt_at": NOON + 4 * HOUR}, True, NOON + 4 * HOUR),
        ("held", {}, False, NOON + ASKED_AGAIN_AFTER),
    ],
)
def test_when_a_message_must_have_come(
    state: str, members: dict[str, datetime], on_levels: bool, expected: datetime
) -> None:
    row = SimpleNamespace(state=state, **{"changed_at": NOON, "next_attempt_at": None, "lease_until": None} | members)
    assert expected_at(row, levels_are_empty=not on_levels) == expected
