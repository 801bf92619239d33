"""Refuses what would be parked of submissions that are erased."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from sqlalchemy import Engine

from shared.database import classified, reading
from shared.parked.carrying import carried, file_keys_in
from shared.parked.parsing import ParkedMessage
from storage_service.files import rows as files
from storage_service.store.erased import is_gone


class RefuseErased:
    """Says which messages are not to be kept; see `shared.parked.collector.keeper`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = reading(engine)

    def __call__(self, parking: ParkedMessage) -> bool:
        """Say whether a message carries a submission that is erased, or anonymous; raises `DependencyUnavailable`.

        The files of such a one are given up.
        """
        named = carried(parking.body, parking.message_id)
        if named is None:
            return False
        with classified(), self._reading.connect() as connection:
            if not is_gone(connection, *named):
                return False
        if keys := file_keys_in(parking.body):
            with classified(), self._engine.begin() as connection:
                files.give_up(connection, keys, datetime.now(UTC))
        structlog.get_logger().info("not parked: it is erased", submission=str(named[0]), type=parking.type)
        return True
