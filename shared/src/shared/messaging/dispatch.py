"""Hands each event of a queue to the handler of its type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, TypeAlias

from shared.contracts.event import Event
from shared.messaging.failures import Delivery, Handler, Results

Handlers: TypeAlias = Mapping[type[Event], Handler[Any]]
"""What a consumer takes, and who handles it. Its decoder is `decoder(*handlers)`."""


def dispatching(handlers: Handlers) -> Handler[Any]:
    """Return one handler for events of several types: those of one type that come in a row are one batch.

    It works through the first batch alone, and is handed the others again, as a `Handler` may.
    """
    if len(handlers) == 1:
        return next(iter(handlers.values()))

    def handle(deliveries: Sequence[Delivery[Any]]) -> Results:
        first = type(deliveries[0].event)
        batch = list(takewhile(lambda one: type(one.event) is first, deliveries))
        results = handlers[first](batch)
        return [None] * len(batch) if results is None else results

    return handle
