"""Refuses what would be parked of submissions that are erased."""

from __future__ import annotations

import structlog
from sqlalchemy import Engine

from shared.database import classified, reading
from shared.parked.carrying import carried
from shared.parked.parsing import ParkedMessage
from storage_service.store.erased import is_gone


class RefuseErased:
    """Says which messages are not to be kept; see `shared.parked.collector.keeper`."""

    def __init__(self, engine: Engine) -> None:
        self._reading = reading(engine)

    def __call__(self, parking: ParkedMessage) -> bool:
        """Say whether a message carries a submission that is erased, or anonymous; raises `DependencyUnavailable`."""
        named = carried(parking.body, parking.message_id)
        if named is None:
            return False
        with classified(), self._reading.connect() as connection:
            if not is_gone(connection, *named):
                return False
        structlog.get_logger().info("not parked: it is erased", submission=str(named[0]), type=parking.type)
        return True
