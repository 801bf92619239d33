"""Two replicas of the storage service on one database."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

from sqlalchemy import Engine

from shared import database
from shared.contracts import SubmissionAccepted
from shared.messaging.failures import Delivery, Done, settle
from storage_service.store.handler import StoreSubmissions
from storage_service.store.repository import SubmissionRepository
from support.events import an_event
from support.submission_databases import conflict_count, migrated, stored

REPLICAS = 3
ROUNDS = 15


def rounds_of_overlapping_batches() -> list[list[list[SubmissionAccepted]]]:
    """Return, for each round, a batch for each replica: the same ids, shuffled, some with other fields."""
    rounds = []
    for number in range(ROUNDS):
        shuffled = random.Random(number)  # noqa: S311 - a seed makes it the same every time
        events = [an_event(n=index) for index in range(60)]
        rivals = [an_event(id=event.id, n=-1) for event in events[:10]]
        rounds.append([shuffled.sample([*events, *rivals], 70) for _ in range(REPLICAS)])
    return rounds


def work(engine: Engine, batches: Sequence[Sequence[SubmissionAccepted]], together: Barrier) -> None:
    announced: list[object] = []
    store = StoreSubmissions(
        SubmissionRepository(engine),
        announce=announced.append,
        clock=lambda: datetime.now(UTC),
        reach=lambda _: None,
    )
    for batch in batches:
        together.wait(timeout=60)
        assert settle(store, [Delivery(event) for event in batch]) == [Done()] * len(batch)


def test_replicas_with_the_same_events_store_each_once_and_never_block_each_other(database_url: str) -> None:
    rounds = rounds_of_overlapping_batches()
    with migrated(database_url) as engine, ThreadPoolExecutor(REPLICAS) as pool:
        replicas = [database.create(database_url) for _ in range(REPLICAS)]
        together = Barrier(REPLICAS)
        working = [
            pool.submit(work, replica, [batches[number] for batches in rounds], together)
            for number, replica in enumerate(replicas)
        ]
        for one in working:
            one.result(timeout=120)
        for replica in replicas:
            replica.dispose()
        sent = {(event.id, event.fingerprint) for batches in rounds for batch in batches for event in batch}
        found = stored(engine)
        assert found.keys() == {key for key, _ in sent}
        assert found.items() <= sent
        assert conflict_count(engine) == len(sent) - len(found) == 10 * ROUNDS
