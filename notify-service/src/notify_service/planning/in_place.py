"""Makes deliveries in this process while an alarm keeps the broker from taking their messages."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice

import structlog

from notify_service.channels.channel import TransportName
from notify_service.channels.registry import CHANNELS
from shared.contracts import DeliveryDue
from shared.messaging.failures import Delivery, DependencyUnavailable, Handler, settle

PLANNED_AS_ATTEMPT = 1
"""Its planning was the first attempt: the forms file that planned it is the one that delivers it."""


@dataclass(frozen=True, slots=True)
class InPlaceWorker:
    """What handles the messages of a transport's queue, and how many of them at once."""

    transport: TransportName
    handle: Handler[DeliveryDue]
    at_once: int


class DeliverInPlace:
    """`handler.Deliver` by workers, each in a thread of its own."""

    def __init__(self, workers: Sequence[InPlaceWorker]) -> None:
        self._workers = workers
        self._threads = ThreadPoolExecutor(len(workers), thread_name_prefix="in-place")

    def __call__(self, due: Sequence[tuple[DeliveryDue, str | None]]) -> None:
        """Try each once; what became of it, the table says."""
        waiting = {worker.transport: deque[Delivery[DeliveryDue]]() for worker in self._workers}
        for one, trace in due:
            waiting[CHANNELS[one.channel].transport].append(Delivery(one, PLANNED_AS_ATTEMPT, traceparent=trace))
        at_work = [self._threads.submit(_work_off, one, waiting[one.transport]) for one in self._workers]
        for ended in wait(at_work).done:  # all of them: a worker is for one thread at a time
            ended.result()

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


def _work_off(worker: InPlaceWorker, waiting: deque[Delivery[DeliveryDue]]) -> None:
    """Take from what waits, as the transport's other workers do, until nothing does or nothing can be sent."""
    try:
        while taken := list(islice(_popping(waiting), worker.at_once)):
            while taken:
                taken = taken[len(settle(worker.handle, taken)) :]
    except DependencyUnavailable as error:
        structlog.get_logger().warning("not delivered in place", transport=worker.transport, because=str(error))


def _popping(waiting: deque[Delivery[DeliveryDue]]) -> Iterator[Delivery[DeliveryDue]]:
    while True:
        try:
            yield waiting.popleft()
        except IndexError:
            return
