"""Gives back the events of deliveries whose messages are gone."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import Engine, select

from shared.contracts import DeliveryDue, DeliveryFound, DeliveryMissing, Missing
from shared.database import Outbox, classified
from shared.messaging.failures import Delivery
from shared.messaging.message import message_of
from storage_service.deliveries.resending import accepted
from storage_service.tables import IS_THERE, OUTBOX, submissions

AT_ONCE = 25
"""How many are given back in one transaction, with their submissions in memory."""


class ReturnMissing:
    """Answers through the outbox, as `shared.messaging.failures.Handler`. Again, it answers again: a message that comes
    twice makes no delivery twice."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._outbox = Outbox(OUTBOX)

    def __call__(self, deliveries: Sequence[Delivery[DeliveryMissing]]) -> None:
        """Answer a batch; of a submission that is not stored here there is no answer. Raises
        `DependencyUnavailable`."""
        asked = [missing for one in deliveries for missing in one.event.deliveries]
        found = sum(self._give_back(asked[start : start + AT_ONCE]) for start in range(0, len(asked), AT_ONCE))
        structlog.get_logger().info("deliveries given back", asked=len(asked), found=found)

    def _give_back(self, asked: Sequence[Missing]) -> int:
        chosen = select(submissions).where(submissions.c.id.in_({one.submission_id for one in asked}), IS_THERE)
        chosen = chosen.order_by(submissions.c.id).with_for_update(
            read=True, key_share=True
        )  # nobody erases it meanwhile
        with classified(), self._engine.begin() as connection:
            events = {one.id: one for one in accepted(connection, connection.execute(chosen).all())}
            found = [
                DeliveryFound(
                    DeliveryDue(one.delivery_id, one.channel, events[one.submission_id], one.destination, one.request)
                )
                for one in asked
                if one.submission_id in events
            ]
            about = [one.due.submission.id for one in found]
            self._outbox.add(connection, [message_of(one) for one in found], about=about)
        return len(found)
