"""Takes what says that an address is to be sent no such mail any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast, get_args

import structlog

from notify_service.requests.one_by_one import one_by_one
from notify_service.suppression.reasons import Stops, Suppressed
from shared.contracts import AddressSuppressed
from shared.messaging.failures import Delivery, PermanentFailure, Results


class Keeping(Protocol):
    """Keeps addresses; see `table.SuppressionTable`."""

    def add(self, one: Suppressed) -> bool:
        """Keep one; False where it stands there already."""


@dataclass(frozen=True, slots=True)
class TakeSuppressed:
    """Keeps each address, as `failures.Handler`; again, late, or out of order, without harm. `count` is told of news.

    What kind of mail is to stop that this version does not know is parked: a later version replays it.
    """

    table: Keeping
    count: Callable[[str], object] = lambda _: None

    def __call__(self, deliveries: Sequence[Delivery[AddressSuppressed]]) -> Results:
        """Return what came of each; raises `DependencyUnavailable` where nothing came of the first."""
        return one_by_one(deliveries, self._taken)

    def _taken(self, delivery: Delivery[AddressSuppressed]) -> None:
        told = delivery.event
        if told.stops not in get_args(Stops):
            raise PermanentFailure(f"mails of the kind {told.stops!r} are not known here")
        one = Suppressed(told.address_hash, "unsubscribed", told.shown, told.at, told.form, cast("Stops", told.stops))
        if self.table.add(one):
            self.count("unsubscribed")
            structlog.get_logger().info("address unsubscribed", form=told.form[:64], stops=told.stops)
