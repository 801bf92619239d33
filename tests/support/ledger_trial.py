"""Runs an installation under load and faults with a ledger, and gives the verdict at the end."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import SystemRandom
from typing import Protocol
from urllib.parse import unquote, urlsplit

from shared.messaging.rabbitmq import addresses
from shared.messaging.topology import WORK_QUEUES
from support.installation import Installation
from support.ledger import Attempt, Ledger
from support.ledger_client import Load, LoadClient
from support.ledger_sources import (
    deliveries_of,
    failed_ids,
    mail_counts,
    stored_count,
    stored_rows,
    untold,
    waiting_messages,
)
from support.ledger_verdict import Allowed, Holdings, Observed, Verdict, compare
from support.mailbox import Mailbox
from support.memory import peak_mb
from support.polling import eventually


class AnyBroker(Protocol):
    """A broker as trials need it: one node, or a cluster."""

    def fresh_vhost(self) -> str:
        """Return the address of an empty virtual host; of a cluster, those of all its nodes."""

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl and return what it prints."""


MEMORY_MOST_MB = 300
"""What no process may exceed, whatever happens around it (I9)."""


class Trial:
    """An installation that a test loads, harms and finally compares with what was sent to it.

    `undue` are the ids of what is stored and brings no mail. `seed` makes the load; it is printed, so that a
    failure can be repeated.
    """

    def __init__(
        self,
        broker: AnyBroker,
        vhost: str,
        installation: Installation,
        sink: Mailbox,
        database_url: str,
        *,
        seed: int | None = None,
    ) -> None:
        self._broker = broker
        self.vhost = vhost
        self.installation = installation
        self.sink = sink
        self.database_url = database_url
        self.notify_database_url = database_url.replace("/storage.db", "/notify.db")
        self.seed = SystemRandom().randrange(10**6) if seed is None else seed
        self.returns_s: list[float] = []
        self.undue: set[str] = set()
        self.ledger = Ledger(installation.directory / "ledger.jsonl")
        print(f"seed {self.seed}")

    def load(
        self,
        count: int,
        *,
        first: int = 0,
        rate_per_s: float | None = None,
        connections: int = 8,
        repeats: float = 0.0,
    ) -> LoadClient:
        """Begin to send `count` submissions, whose serial numbers start at `first`; see `Load` for the rest."""
        load = Load(count, self.seed, first, connections=connections, rate_per_s=rate_per_s, repeats=repeats)
        client = LoadClient(self.installation.gateway_url, load, self.ledger)
        client.start()
        return client

    def await_acked(self, count: int, *, timeout_s: float = 60) -> None:
        """Wait until so many submissions are acked."""
        eventually(lambda: self.ledger.count("acked") >= count, timeout_s, f"{count} submissions are acked")

    def first_ack_since(self, moment: float, *, timeout_s: float) -> float:
        """Return how many seconds after `moment` (since the epoch) the first 202 came; waits for one."""

        def acked_at() -> list[Attempt]:
            return [each for each in self.ledger.attempts() if each.outcome == "acked" and each.at > moment]

        return eventually(acked_at, timeout_s, "a 202 after the fault")[0].at - moment

    def longest_wait_s(self) -> float:
        """Return the longest time between one 202 and the next, in seconds: how long a fault lasted for users."""
        acked = [each.at for each in self.ledger.attempts() if each.outcome == "acked"]
        return max((after - before for before, after in pairwise(acked)), default=0.0)

    def await_return(self, *, timeout_s: float = 60) -> float:
        """Note how many seconds from now, when a fault is healed, the first 202 takes (I8), and return them."""
        self.returns_s.append(round(self.first_ack_since(moment(), timeout_s=timeout_s), 2))
        return self.returns_s[-1]

    def stored(self) -> int:
        """Return how many rows there are now."""
        return stored_count(self.database_url)

    def mailed(self) -> int:
        """Return how many mails came so far."""
        return sum(entry.name.endswith(".eml") for entry in os.scandir(self.sink.directory))

    def failed(self) -> frozenset[str]:
        """Return the ids of the submissions whose confirmation has visibly failed."""
        return failed_ids(self.notify_database_url)

    def settle(self, *, timeout_s: float) -> None:
        """Wait until all that was acked is stored and mailed and no queue holds anything ready."""
        eventually(self._is_settled, timeout_s, f"{self.ledger.count('acked')} acked are stored and mailed")

    def conclude(
        self,
        allowed: Allowed | None = None,
        *,
        timeout_s: float = 90,
        answer_limit_s: float = 4.0,
        observed: Observed | None = None,
    ) -> Verdict:
        """Settle, check that every process still lives, end them all, and compare; fails unless the verdict is OK.

        Consumers give back what they hold when they end, so queues that are empty then are empty in truth. What
        waits and who is gone is seen here; the rest of `observed` is the caller's.
        """
        self.settle(timeout_s=timeout_s)
        services = self.installation.services
        gone = [service.name for service in services if not service.is_running()]
        peaks_mb = {service.name: peak_mb([service.pid, *service.workers()]) for service in services}
        swollen = [f"{name}: {peak} MB" for name, peak in peaks_mb.items() if peak > MEMORY_MOST_MB]
        self.installation.stop()
        left = waiting_messages(self.installation.queues)
        observed = observed or Observed(self.returns_s or None, swollen=swollen)
        observed = replace(observed, waiting=left, gone=gone)
        verdict = compare(
            self.ledger.snapshot(), self._holdings(), allowed, answer_limit_s=answer_limit_s, observed=observed
        )
        print(verdict)
        assert verdict.ok, f"seed {self.seed}\n{verdict}"
        return verdict

    def _is_settled(self) -> bool:
        acked, rows, mailed = self.ledger.count("acked"), self.stored(), self.mailed()
        assert rows >= acked, f"{rows} rows for {acked} acked"
        failed = len(self.failed() | self.undue)
        # A 503 may have reached one queue alone: such a row has no mail, and needs none.
        assert mailed + failed >= acked, f"{mailed} mails and {failed} failed for {acked} acked"
        left = waiting_messages(self.installation.queues)
        assert not left, f"still waiting: {left}"
        reached = len(mail_counts(self.sink.directory))
        assert reached + failed >= acked, f"{reached} of {acked} addresses have a mail, {failed} failed"
        held = self._held_messages()
        assert not held, f"waiting or held: {held}"
        left_untold = untold(self.database_url, self.notify_database_url)
        assert not left_untold, f"storage is not told of {len(left_untold)} deliveries"
        return True

    def _held_messages(self) -> dict[str, int]:
        """Return the work queues that hold anything, what a consumer has and did not ack included.

        A node that was frozen may go on listing, beside the leader's, what it led until then.
        """
        items = ("name", "leader", "pid", "messages")
        listed = self._broker.ctl("list_queues", "-p", self.vhost, "--no-table-headers", *items)
        rows = [line.split("\t") for line in listed.splitlines()]
        names = {name for work in WORK_QUEUES for name in (work.name, *map(work.level_queue, work.levels_s))}
        led = {name: int(messages) for name, leader, pid, messages in rows if pid.startswith(f"<{leader}.")}
        assert names <= led.keys(), f"without a leader: {names - led.keys()}"
        return {name: messages for name, messages in led.items() if name in names and messages}

    def _holdings(self) -> Holdings:
        rows, mails = stored_rows(self.database_url), mail_counts(self.sink.directory)
        return Holdings(
            rows,
            mails,
            failed=self.failed(),
            undue=frozenset(self.undue),
            parked=self.installation.parked(),
            deliveries=deliveries_of(self.notify_database_url),
            untold=untold(self.database_url, self.notify_database_url),
        )


class StartTrial(Protocol):
    """Starts an installation on a fresh virtual host of a broker and returns a trial of it."""

    def __call__(
        self,
        broker: AnyBroker,
        *,
        database_url: str | None = None,
        replicas: int = 1,
        workers: int = 1,
        settings: dict[str, str] | None = None,
    ) -> Trial:
        """Start it; without `database_url` it has SQLite files."""


def moment() -> float:
    """Return the moment now as the ledger writes it, in seconds since the epoch."""
    return time.time()


def sqlite_of(directory: Path) -> str:
    """Return the address of the storage service's database in an installation that was given none."""
    return f"sqlite:///{directory / 'storage.db'}"


def vhost_of(broker_url: str) -> str:
    """Return the virtual host that a broker's address names."""
    return unquote(urlsplit(addresses.split(broker_url)[0]).path.removeprefix("/"))
