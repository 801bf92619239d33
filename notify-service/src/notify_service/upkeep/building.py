"""Builds the upkeep of a notify service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Engine

from notify_service.tables import LEASES, OUTBOX
from notify_service.upkeep.lost import LostMessages
from notify_service.upkeep.pruning import forget_old_tries
from notify_service.upkeep.queues import BrokerQueues
from notify_service.upkeep.upkeep import Task, Upkeep
from shared.database import Lease, Outbox
from shared.parked.repository import ParkedRepository


def build(
    engine: Engine,
    broker_url: str,
    parked: ParkedRepository,
    *,
    is_away: Callable[[str], bool],
    count_lost: Callable[[str], None],
    tell_owners: Task,
    forget_mails: Task,
    forget_erased: Sequence[Task],
    forget_digests: Sequence[Task],
) -> Upkeep:
    """Return it, to run beside the consumers; see `lost.LostMessages`."""
    lost = LostMessages(engine, BrokerQueues(broker_url), Outbox(OUTBOX), parked.standing, is_away, count_lost)
    tasks: list[Task] = [lost, partial(forget_old_tries, engine), forget_mails, *forget_erased, *forget_digests]
    tasks.append(tell_owners)
    return Upkeep(engine, Lease(LEASES, "upkeep"), tasks)
