"""This module says, type by type, to which queues a message goes, or that its publisher says so."""

from __future__ import annotations

from dataclasses import dataclass

from shared.messaging.topology import (
    EVENTS,
    NOTIFY_ACCOUNTS,
    NOTIFY_ADDRESSES,
    NOTIFY_ERASURES,
    NOTIFY_HOOKS,
    NOTIFY_REQUESTS,
    NOTIFY_SUBMISSIONS,
    PARKED,
    STORAGE,
    STORAGE_DELIVERIES,
    STORAGE_OPT_INS,
    WORK_QUEUES,
    Binding,
    WorkQueue,
)


@dataclass(frozen=True, slots=True)
class Destination:
    """The queues that each get a copy. After `expiration_ms` it leaves them, for where their dead letters go."""

    queues: tuple[str, ...]
    expiration_ms: int | None = None


def to(*works: WorkQueue) -> Destination:
    """Return these work queues as a destination."""
    return Destination(tuple(work.name for work in works))


ROUTES: dict[str, Destination] = {
    "account.mail.v1": to(NOTIFY_ACCOUNTS),
    "address.suppressed.v1": to(NOTIFY_ADDRESSES),
    "delivery.found.v1": to(NOTIFY_REQUESTS),
    "delivery.missing.v1": to(STORAGE_DELIVERIES),
    "delivery.requested.v1": to(NOTIFY_REQUESTS),
    "delivery.settled.v1": to(STORAGE_DELIVERIES),
    "hook.changed.v1": to(NOTIFY_HOOKS),
    "hook.gone.v1": to(STORAGE_DELIVERIES),
    "mail.bounced.v1": to(NOTIFY_ADDRESSES),
    "submission.erased.v1": to(NOTIFY_ERASURES),
    "submission.opted_in.v1": to(STORAGE_OPT_INS),
    "submission.released.v2": to(NOTIFY_REQUESTS),
    "submission.released.v1": to(NOTIFY_REQUESTS),
    "submission.withheld.v1": to(NOTIFY_REQUESTS),
    "submission.accepted.v3": to(STORAGE, NOTIFY_SUBMISSIONS),
    "submission.accepted.v2": to(STORAGE, NOTIFY_SUBMISSIONS),
    "submission.accepted.v1": to(STORAGE, NOTIFY_SUBMISSIONS),
}

CHOSEN = frozenset({"delivery.due.v1"})
"""The types whose publisher chooses the queue of each message: the channel of a delivery has one transport."""


def bindings() -> list[Binding]:
    """Return what routes an event that somebody else publishes to the exchange, and what routes dead letters."""
    events = [Binding(EVENTS, queue, type_) for type_, to_ in ROUTES.items() for queue in to_.queues]
    return events + [Binding(PARKED, name, name) for name in dict.fromkeys(work.parked for work in WORK_QUEUES)]
