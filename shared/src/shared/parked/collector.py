"""A service moves its parked messages from their queue into its database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine

from shared.failpoints import Reach
from shared.messaging.broker import Broker, Keep, QueryMethod
from shared.messaging.incoming import Incoming
from shared.messaging.topology import WorkQueue
from shared.parked import naming
from shared.parked.lazy_publisher import LazyPublisher
from shared.parked.messages import ParkedMessages, Reopen, reopen_nothing
from shared.parked.naming import Forgetting, Naming, nothing_beside
from shared.parked.parsing import ParkedMessage, parse_parked
from shared.parked.queries import methods
from shared.parked.repository import ParkedRepository
from shared.parked.tables import ParkedTables


def _refuse_nothing(_parking: ParkedMessage) -> bool:
    return False


class ParkedCollector:
    """Moves parked messages from the broker into the database as they come, and answers queries about them.

    `work_queues` are the queues whose messages end in one parked queue. While the database is away, they wait there.
    `refuse` says which of them nobody is to see: they are dropped. `forgetting`: see `Naming`.
    """

    def __init__(
        self,
        broker: Broker,
        engine: Engine,
        tables: ParkedTables,
        work_queues: Sequence[WorkQueue],
        *,
        reach: Reach,
        reopen: Reopen = reopen_nothing,
        refuse: Callable[[ParkedMessage], bool] = _refuse_nothing,
        forgetting: Forgetting = nothing_beside,
    ) -> None:
        self.repository = ParkedRepository(engine, tables)
        self._naming = Naming(engine, tables, forgetting)
        self._publisher = LazyPublisher(broker)
        self.messages = ParkedMessages(self.repository, self._publisher, reopen=reopen, reach=reach)
        self._collecting = broker.collect(work_queues[0].parked, keeper(self.repository, work_queues, reach, refuse))

    def methods(self) -> Mapping[str, QueryMethod]:
        """Return the queries it answers, by name."""
        return {**methods(self.messages), **naming.methods(self._naming)}

    def console_methods(self) -> Mapping[str, QueryMethod]:
        """Return the queries that it answers to the console alone, by name."""
        return naming.erasing_methods(self._naming)

    def close(self) -> None:
        """Stop taking messages off the queue; what is in hand is kept, or goes back."""
        self._collecting.close()
        self._publisher.close()


def keeper(
    repository: ParkedRepository,
    work_queues: Sequence[WorkQueue],
    reach: Reach,
    refuse: Callable[[ParkedMessage], bool] = _refuse_nothing,
) -> Keep:
    """Return what keeps each message of a parked queue; see `broker.Broker.collect`."""

    def keep(incoming: Incoming) -> None:
        now = datetime.now(UTC)
        parking = parse_parked(incoming, work_queues, now)
        if not refuse(parking):
            repository.keep(parking, now)
            if refuse(parking):  # by now: whoever erases looks before or after it was kept
                repository.forget(parking.id)
        reach("after-keep")

    return keep
