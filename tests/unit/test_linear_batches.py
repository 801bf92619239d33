"""A batch of which nothing may be kept costs in proportion to its length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from shared.contracts import SubmissionAccepted
from shared.messaging.failures import Delivery
from storage_service.importing.rows import divided
from storage_service.importing.taken import Taken
from storage_service.store.domain import Existing
from storage_service.store.handler import StoreSubmissions
from support.events import a_file, an_event
from support.steps import steps_of

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@dataclass
class AllAnonymous:
    """Rows, and their database, of which each is anonymous by now."""

    @contextmanager
    def transaction(self) -> Iterator[AllAnonymous]:
        yield self

    def insert(self, events: Sequence[SubmissionAccepted], *, stored_at: datetime) -> int:
        return 0

    def existing(self, ids: Sequence[UUID]) -> Mapping[UUID, Existing]:
        return {key: Existing("0" * 64, NOW) for key in ids}

    def fill(self, events: Sequence[SubmissionAccepted], *, stored_at: datetime) -> int:
        return 0

    def clear(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> int:
        return 0

    def count_refused(self, events: Sequence[SubmissionAccepted]) -> None:
        """Count nothing."""

    def keep_conflicts(
        self,
        events: Sequence[SubmissionAccepted],
        *,
        received_at: datetime,
    ) -> Sequence[SubmissionAccepted]:
        return list(events)

    def keep_files(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> None:
        assert not events, "none of them is kept"

    def give_up_files(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> None:
        """Have nothing removed."""


def test_of_what_was_made_anonymous() -> None:
    rows = AllAnonymous()
    store = StoreSubmissions(rows, announce=lambda _: None, clock=lambda: NOW, reach=lambda _: None)

    def cost(count: int) -> int:
        batch = [Delivery(an_event()) for _ in range(count)]
        return steps_of(lambda: store(batch))

    def cost_of_files(count: int) -> int:
        batch = [Delivery(replace(an_event(), files=(a_file(),))) for _ in range(count)]
        return steps_of(lambda: store(batch))

    assert_in_proportion(cost)
    assert_in_proportion(cost_of_files)


def test_of_an_import_that_is_erased() -> None:
    def cost(count: int) -> int:
        batch = [Taken(1, 1, an_event()) for _ in range(count)]
        row = cast("Any", SimpleNamespace(erased_at=NOW))
        known = dict.fromkeys((one.id for one in batch), row)
        return steps_of(lambda: divided(batch, known))

    assert_in_proportion(cost)


def assert_in_proportion(cost: Callable[[int], int]) -> None:
    cost(10)
    few, many = cost(200), cost(800)
    assert 400 < many < 6 * few
