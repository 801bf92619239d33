"""Each event goes to the handler of its type, in the order of the queue, as many at once as come in a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from shared.contracts import DeliveryDue, SubmissionAccepted
from shared.messaging.dispatch import dispatching
from shared.messaging.failures import Delivery, Done, Park, PermanentFailure, Results, settle
from support.events import an_event


@dataclass
class Handling:
    """Keeps the batches that it is handed, and answers each with `results`."""

    results: Results | None = None
    fails: Exception | None = None
    batches: list[list[Any]] = field(default_factory=list)

    def __call__(self, deliveries: Sequence[Delivery[Any]]) -> Results | None:
        if self.fails:
            raise self.fails
        self.batches.append([one.event for one in deliveries])
        return self.results


def due() -> DeliveryDue:
    return DeliveryDue(uuid4(), "webhook", an_event())


def worked_through(handler: Any, events: Sequence[Any]) -> list[object]:
    """Settle a batch as a worker does: what the handler leaves is handed to it again."""
    outcomes: list[object] = []
    while len(outcomes) < len(events):
        outcomes += settle(handler, [Delivery(event) for event in events[len(outcomes) :]])
    return outcomes


def test_neighbours_of_one_type_are_one_batch() -> None:
    one, two, three, four = an_event(), an_event(), due(), an_event()
    stored, made = Handling(), Handling()
    handler = dispatching({SubmissionAccepted: stored, DeliveryDue: made})
    assert worked_through(handler, [one, two, three, four]) == [Done()] * 4
    assert (stored.batches, made.batches) == ([[one, two], [four]], [[three]])


def test_what_a_handler_says_of_the_first_counts_and_the_others_come_again() -> None:
    one, two, three = an_event(), an_event(), due()
    stored = Handling(results=[None])
    handler = dispatching({SubmissionAccepted: stored, DeliveryDue: Handling()})
    assert worked_through(handler, [one, two, three]) == [Done()] * 3
    assert stored.batches == [[one, two], [two]]


def test_a_failure_is_that_of_its_own_event_alone() -> None:
    handler = dispatching({SubmissionAccepted: Handling(), DeliveryDue: Handling(fails=PermanentFailure("no"))})
    assert worked_through(handler, [an_event(), due(), an_event()]) == [Done(), Park("no"), Done()]


def test_a_queue_of_one_type_costs_nothing() -> None:
    stored = Handling()
    assert dispatching({SubmissionAccepted: stored}) is stored
