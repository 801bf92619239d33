"""What a service runs for its parked messages: it takes them off their queue, and answers for them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine

from shared.failpoints import Reach
from shared.messaging.broker import Broker, Keep, Publisher, QueryMethod
from shared.messaging.incoming import Incoming
from shared.messaging.topology import WorkQueue
from shared.parked.desk import ParkedDesk, Reopen, nothing
from shared.parked.parking import parking_of
from shared.parked.queries import methods
from shared.parked.repository import ParkedRepository
from shared.parked.tables import ParkedTables


class PublisherOnDemand:
    """A publisher that is made when it is first needed: most services never replay anything."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._made: Publisher | None = None
        self._guard = threading.Lock()

    def __call__(self) -> Publisher:
        """Return the publisher, always the same."""
        with self._guard:
            self._made = self._made or self._broker.publisher()
            return self._made

    def close(self) -> None:
        """Close it, if there is one."""
        with self._guard:
            if self._made is not None:
                self._made.close()


class ParkedAttendance:
    """Moves what is parked from the broker into the database as it comes, and deals with it when asked to.

    `works` are the work queues whose messages end in one parked queue. While the database is away, they wait there.
    """

    def __init__(
        self,
        broker: Broker,
        engine: Engine,
        tables: ParkedTables,
        works: Sequence[WorkQueue],
        *,
        reach: Reach,
        reopen: Reopen = nothing,
    ) -> None:
        self.repository = ParkedRepository(engine, tables)
        self._publisher = PublisherOnDemand(broker)
        self.desk = ParkedDesk(self.repository, self._publisher, reopen=reopen, reach=reach)
        self._collecting = broker.collect(works[0].parked, keeper(self.repository, works, reach))

    def methods(self) -> Mapping[str, QueryMethod]:
        """Return the queries it answers, by name."""
        return methods(self.desk)

    def close(self) -> None:
        """Stop taking messages off the queue; what is in hand is kept, or goes back."""
        self._collecting.close()
        self._publisher.close()


def keeper(repository: ParkedRepository, works: Sequence[WorkQueue], reach: Reach) -> Keep:
    """Return what keeps each message of a parked queue; see `broker.Broker.collect`."""

    def keep(incoming: Incoming) -> None:
        now = datetime.now(UTC)
        repository.keep(parking_of(incoming, works, now), now)
        reach("after-keep")

    return keep
