"""This module says what a handler may raise, and what the consumer then does with the delivery.

| the handler                    | means                  | the consumer                                           |
| ------------------------------ | ---------------------- | ------------------------------------------------------ |
| returns                        | done                   | acks                                                   |
| raises `PermanentFailure`      | will never work        | parks the delivery with the reason, then acks          |
| raises `RetryLater`            | this one, later        | publishes it to a delay level with attempt + 1, acks   |
| raises `DependencyUnavailable` | nothing will work now  | holds what it has, probes, charges no message for it   |
| raises anything else           | a bug                  | logs it, retries it `BUG_RETRIES` times, then parks it |

A queue whose messages hold secrets parks nothing: what would be parked is dropped, and logged (`topology.WorkQueue`).

A failing batch is bisected, so one bad event never takes its neighbours with it; a handler that works on one event
after the other returns what came of each instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

import structlog

from shared.contracts.event import Event

E = TypeVar("E", bound=Event)

BUG_RETRIES = 3
"""How many retries a delivery gets whose handler raises what it should not."""

BUG_RETRY_AFTER_S = 30.0


class PermanentFailure(Exception):
    """This event will never work, because of what it is: park it for a person. The text is the reason."""


class RetryLater(Exception):
    """This event does not work now, others may: come back to it after `after_s` seconds."""

    def __init__(self, reason: str, *, after_s: float) -> None:
        super().__init__(reason)
        self.after_s = after_s


class DependencyUnavailable(Exception):
    """Nothing works now, because something the handler needs is away: hold everything until it is back."""


@dataclass(frozen=True, slots=True)
class Delivery(Generic[E]):
    """One event from a queue. `attempt` counts the retries it has been through, `failures` those after a bug.

    `traceparent` is the trace it belongs to, as it came: unchecked.
    """

    event: E
    attempt: int = 0
    failures: int = 0
    redelivered: bool = False
    traceparent: str | None = None


Results: TypeAlias = Sequence[Exception | None]
"""What came of each of the first deliveries of a batch: None where it is done, else what is to be said by raising."""

Handler: TypeAlias = Callable[[Sequence[Delivery[E]]], Results | None]
"""Handles a batch: when it returns None, all of it is done; when it raises, none of it counts as done. Or it returns
the results of the first, at least one, and is handed the others again."""


@dataclass(frozen=True, slots=True)
class Done:
    """Ack it."""


ParkedFor: TypeAlias = Literal["invalid", "refused", "bug", "poison"]
"""The kinds of reason: no valid event, a `PermanentFailure`, a handler that failed too often, too many returns."""


@dataclass(frozen=True, slots=True)
class Park:
    """Move it to the parked queue, with the reason and its kind."""

    reason: str
    kind: ParkedFor = "refused"


@dataclass(frozen=True, slots=True)
class Retry:
    """Move it to a delay level, to come back after `after_s` seconds, and charge it what `charge` says."""

    reason: str
    after_s: float
    charge: Literal["attempt", "failure", "nothing"] = "attempt"


Outcome: TypeAlias = Done | Park | Retry


def settle(handler: Handler[E], deliveries: Sequence[Delivery[E]]) -> list[Outcome]:
    """Run the handler over a batch, bisecting it where it fails, and return the outcomes of the first, in order.

    Raises `DependencyUnavailable` as it comes: then nothing is settled and the batch is to be run again.
    """
    try:
        results = handler(deliveries)
    except DependencyUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - a bug in a handler must not end the consumer
        if len(deliveries) == 1:
            return [_outcome_of(error, deliveries[0])]
        middle = len(deliveries) // 2
        outcomes = settle(handler, deliveries[:middle])
        return outcomes if len(outcomes) < middle else outcomes + settle(handler, deliveries[middle:])
    if results is None:
        return [Done()] * len(deliveries)
    found = zip(results, deliveries, strict=False)
    return [Done() if error is None else _outcome_of(error, delivery) for error, delivery in found]


def _outcome_of(error: Exception, delivery: Delivery[E]) -> Outcome:
    if isinstance(error, PermanentFailure):
        return Park(str(error))
    if isinstance(error, RetryLater):
        return Retry(str(error), error.after_s)
    reason = type(error).__name__
    structlog.get_logger().error(
        "handler failed", message_id=str(delivery.event.id), attempt=delivery.attempt, error=reason, exc_info=error
    )
    if delivery.failures < BUG_RETRIES:
        return Retry(reason, BUG_RETRY_AFTER_S, charge="failure")
    return Park(f"the handler failed {BUG_RETRIES + 1} times: {reason}", kind="bug")
