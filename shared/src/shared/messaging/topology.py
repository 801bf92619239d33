"""This module names every exchange and every queue; no other does.

Each process but the console declares all of it on every connect, before its first publish: RabbitMQ confirms a
publish that reached only some of its queues, so an event is published to each queue by itself (`routes.py`), and the
gateway, too, must have declared every one of them.
Queue arguments after RabbitMQ's documents on quorum queues, dead lettering and TTL; a change of arguments is a
new `.v2` queue, bound beside the old one until that is drained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

EVENTS = "counterfoil.events"
LIVE = "counterfoil.live"
PARKED = "counterfoil.parked"
DEFAULT_EXCHANGE = ""

STORAGE_QUERIES = "storage.queries.v2"
NOTIFY_QUERIES = "notify.queries.v2"

DELIVERY_LIMIT = 100
"""Returns before the broker parks a message: positive, because -1 and unset differ between 3.10 and 4.x."""

PARKED_DELIVERY_LIMIT = 1_000_000
QUERY_TTL_MS = 5_000

RETRY_LEVELS_S: Mapping[str, int] = {"30s": 30, "2m": 120, "10m": 600, "30m": 1800, "2h": 7200, "6h": 21600}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange."""

    name: str
    kind: Literal["topic", "direct"]


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue and its arguments."""

    name: str
    arguments: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Binding:
    """A queue's binding to an exchange."""

    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """A queue of work, with its delay levels (name → seconds) and the parked queue it ends in.

    Where `secret_for_s` is set, each message holds a secret that is worth nothing after so many seconds: the broker
    drops it then, and what another queue's consumer would park is dropped here, so that nobody finds it later.
    """

    name: str
    parked: str
    levels_s: Mapping[str, int] = field(default_factory=lambda: dict(RETRY_LEVELS_S))
    secret_for_s: int | None = None

    def level_queue(self, level: str) -> str:
        """Return the name of the queue that holds what waits on this level: `notify.email.retry.30s.v1`."""
        stem, version = self.name.rsplit(".", 1)
        return f"{stem}.retry.{level}.{version}"

    def level_for(self, after_s: float) -> str:
        """Return the shortest level that lasts at least `after_s` seconds, else the longest."""
        fitting = [name for name, seconds in self.levels_s.items() if seconds >= after_s]
        return fitting[0] if fitting else list(self.levels_s)[-1]

    def queues(self) -> list[Queue]:
        """Return the work queue, its delay levels and its parked queue."""
        work: dict[str, str | int] = {
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-overflow": "reject-publish",
            **self._end(),
        }
        parked: dict[str, str | int] = {"x-queue-type": "quorum", "x-delivery-limit": PARKED_DELIVERY_LIMIT}
        return [Queue(self.name, work), Queue(self.parked, parked), *map(self._level, self.levels_s)]

    def _end(self) -> Mapping[str, str | int]:
        """Return what becomes of a message that came back too often, or stays too long."""
        if self.secret_for_s is not None:
            return {"x-message-ttl": self.secret_for_s * 1000}
        return {
            "x-dead-letter-exchange": PARKED,
            "x-dead-letter-routing-key": self.parked,
            "x-dead-letter-strategy": "at-least-once",
        }

    def _level(self, level: str) -> Queue:
        return Queue(
            self.level_queue(level),
            {
                "x-queue-type": "quorum",
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-message-ttl": self.levels_s[level] * 1000,
                "x-overflow": "reject-publish",
                "x-dead-letter-exchange": DEFAULT_EXCHANGE,
                "x-dead-letter-routing-key": self.name,
                "x-dead-letter-strategy": "at-least-once",
            },
        )


def _queries(name: str) -> Queue:
    # A quorum queue too, although nobody minds losing a query: a classic queue lives on one node of a cluster, and
    # while that is down its declaration is answered 404, which would keep every process from connecting.
    return Queue(name, {"x-queue-type": "quorum", "x-delivery-limit": DELIVERY_LIMIT, "x-message-ttl": QUERY_TTL_MS})


STORAGE = WorkQueue("storage.submissions.v1", "storage.parked.v1", levels_s={"30s": 30})

STORAGE_DELIVERIES = WorkQueue("storage.deliveries.v1", "storage.parked.v1", levels_s={"30s": 30})
"""What notify tells of deliveries: apart, so that it delays no submission, and an older storage parks nothing."""

STORAGE_OPT_INS = WorkQueue("storage.opt_ins.v1", "storage.parked.v1")
"""Addresses that were confirmed. Apart, so that an older storage parks nothing; with all levels, because one may come
long before its submission is stored."""

NOTIFY_SUBMISSIONS = WorkQueue("notify.submissions.v1", "notify.parked.v1")
"""Every accepted submission, for notify to plan its deliveries."""

NOTIFY_REQUESTS = WorkQueue("notify.requests.v1", "notify.parked.v1")
"""What owners ask for: send again, release, withhold. Apart, so that an older notify parks nothing."""

NOTIFY_ERASURES = WorkQueue("notify.erasures.v1", "notify.parked.v1", levels_s={"30s": 30})
"""What is erased. Apart, so that an older notify parks nothing, and no owner's wish waits for a million of them."""

NOTIFY_ACCOUNTS = WorkQueue(
    "notify.accounts.v1",
    "notify.parked.v1",
    levels_s={"30s": 30, "2m": 120, "10m": 600, "30m": 1800},
    secret_for_s=72 * 3600,
)
"""Mails with links into accounts. Apart, so that an older notify, which would park them, leaves them alone."""

NOTIFY_HOOKS = WorkQueue("notify.hooks.v1", "notify.parked.v1", levels_s={"30s": 30, "2m": 120}, secret_for_s=72 * 3600)
"""Which hooks there are. Apart, so that an older notify, which would park their secrets, leaves them alone."""

NOTIFY_ADDRESSES = WorkQueue("notify.addresses.v1", "notify.parked.v1", levels_s={"30s": 30, "10m": 600})
"""Addresses that are to be sent no mail, and mails that came back. Apart, so that an older notify parks nothing."""

NOTIFY_SMTP = WorkQueue("notify.smtp.v1", "notify.parked.v1")
NOTIFY_HTTP = WorkQueue("notify.http.v1", "notify.parked.v1")
"""What notify has planned, by transport: apart, so that a slow webhook never delays a mail."""

NOTIFY_EMAIL = WorkQueue("notify.email.v1", "notify.parked.v1")
NOTIFY_WEBHOOK = WorkQueue("notify.webhook.v1", "notify.parked.v1")
"""The queues of the version before: its gateways publish to them, and notify takes from them until the next version."""

WORK_QUEUES = (
    *(STORAGE, STORAGE_DELIVERIES, STORAGE_OPT_INS),
    *(NOTIFY_SUBMISSIONS, NOTIFY_REQUESTS, NOTIFY_ERASURES, NOTIFY_ACCOUNTS, NOTIFY_HOOKS),
    NOTIFY_ADDRESSES,
    *(NOTIFY_SMTP, NOTIFY_HTTP, NOTIFY_EMAIL, NOTIFY_WEBHOOK),
)

EXCHANGES = (Exchange(EVENTS, "topic"), Exchange(LIVE, "topic"), Exchange(PARKED, "direct"))
QUEUES = (
    *{queue.name: queue for work in WORK_QUEUES for queue in work.queues()}.values(),
    *map(_queries, (STORAGE_QUERIES, NOTIFY_QUERIES)),
)
