"""Who watches a receipt is told of what is news to them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from notify_service.deliveries.telling import Telling
from notify_service.deliveries.wanted import Wanted
from shared.contracts import Confirmation, ConfirmationChanged
from support.confirmations import Clock, FakeDeliveries, a_key, planned
from support.events import an_event


@pytest.mark.parametrize(
    ("is_requested", "state", "is_told"),
    [(False, "failed", True), (False, "sent", True), (True, "failed", False), (True, "sent", True)],
)
def test_what_is_requested_is_news_once_it_is_sent(*, is_requested: bool, state: str, is_told: bool) -> None:
    announced = list[ConfirmationChanged]()
    telling = Telling(FakeDeliveries(), announced.append, Clock())
    event = an_event()
    one = planned(a_key(event.id))
    wanted = Wanted(event, one.requested(uuid4()) if is_requested else one)
    telling.announce_change(wanted, Confirmation("email", state))  # type: ignore[arg-type]
    assert bool(announced) == is_told
