"""Waits until an installation has processed what a ledger names, and reads what it then holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from counterfoil_ledger.api import Api, Standing
from counterfoil_ledger.balance import erased_ids
from counterfoil_ledger.holdings import Holdings, own
from counterfoil_ledger.mails import mail_counts
from counterfoil_ledger.parked import parked_ids
from counterfoil_ledger.records import Ledger
from shared.messaging.rabbitmq import depths
from shared.messaging.topology import WORK_QUEUES

PAUSE_S = 1.0
QUIET_S = 10.0
"""Where the queues are known to be empty, and nothing changes for so long, what is missing is lost."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to look. Without `mails` the receipts' word counts; without `broker_url` nobody looks at the queues.

    Not `alone`: others submit too, and what waits may be theirs. With `storage_url`, its database, what is erased is
    known, and not taken for lost.
    """

    api: Api
    mails: str | None = None
    broker_url: str | None = None
    alone: bool = False
    storage_url: str | None = None


@dataclass(slots=True)
class Settling:
    """Asks again and again until nothing is on its way, and remembers what is settled."""

    ledger: Ledger
    sources: Sources
    standings: dict[str, Standing] = field(default_factory=dict)
    _queued: dict[str, int] = field(default_factory=dict)

    def wait(self, timeout_s: float, say: Callable[[str], None]) -> bool:
        """Wait until nothing that was acked is on its way; say now and then what is. False when the time is over.

        Raises `CannotAsk`, `BrokerAway`.
        """
        deadline = time.monotonic() + timeout_s
        before, since = "", time.monotonic()
        while left := self._left():
            say(left)
            if left != before:
                before, since = left, time.monotonic()
            is_lost = self.sources.broker_url and not self._queued and time.monotonic() - since > QUIET_S
            if is_lost or time.monotonic() > deadline:
                self._ask()
                return False
            time.sleep(PAUSE_S)
        return True

    def holdings(self) -> Holdings:
        """Return what the installation holds; raises `CannotAsk`, `BrokerAway`."""
        rows = [row for form in sorted(self._forms()) for row in self.sources.api.rows(form)]
        broker = self.sources.broker_url
        found = Holdings(
            rows,
            mail_counts(self.sources.mails) if self.sources.mails else None,
            confirmed=self._standing("confirmed"),
            failed=self._standing("failed"),
            held=self._standing("held"),
            undue=self._standing("undue"),
            parked=parked_ids(broker) if broker else None,
            deliveries=self.sources.api.deliveries() or None,
            erased=frozenset(self._erased()),
        )
        return found if self.sources.alone else own(found, self.ledger.snapshot())

    def waiting(self) -> dict[str, int] | None:
        """Return what the queues hold, by name; None where nobody can look.

        Without the delay levels where others submit too: there theirs may wait for hours.
        """
        if self.sources.broker_url is None:
            return None
        found = depths.waiting(self.sources.broker_url)
        return found if self.sources.alone else {work.name: found[work.name] for work in WORK_QUEUES}

    def _left(self) -> str:
        """Return in words what is still on its way; nothing where all is settled, or lost."""
        self._queued = {name: count for name, count in (self.waiting() or {}).items() if count > 0}
        if self._queued:
            return "waiting: " + ", ".join(f"{count} in {name}" for name, count in self._queued.items())
        waiting = self._ask()
        return f"waiting: {waiting} of {len(self._acked())} are not stored and confirmed" if waiting else ""

    def _ask(self) -> int:
        """Ask for the standing of all that is not settled, and return how many still are not."""
        wanted = sorted(self._acked() - self._erased())
        open_ids = [each for each in wanted if self.standings.get(each, "waiting") == "waiting"]
        self.standings.update(self.sources.api.standings(open_ids))
        return sum(self.standings[each] == "waiting" for each in open_ids)

    def _erased(self) -> set[str]:
        url = self.sources.storage_url
        return {str(each) for each in erased_ids(url)} & self._acked() if url else set()

    def _acked(self) -> set[str]:
        return {each for entry in self.ledger.snapshot() if entry.outcome == "acked" for each in entry.ids}

    def _forms(self) -> set[str]:
        return {entry.form for entry in self.ledger.snapshot()}

    def _standing(self, wanted: Standing) -> frozenset[str]:
        return frozenset(each for each, standing in self.standings.items() if standing == wanted)
