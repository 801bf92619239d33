"""Starts an installation for the faults, with a proxy in each connection to broker, database and mail server."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Literal, Protocol, TypeAlias

from counterfoil_ledger.verdict import ANSWER_LIMIT_S
from dev.broker import Broker
from dev.postgres import Postgres
from support.faulty.fault import Fault, prove
from support.faulty.proxy import Proxy
from support.faulty.scraped import Scraped
from support.faulty.table import Row
from support.installation import EXAMPLE_FORMS, Installation
from support.ledger_client import LoadClient
from support.ledger_trial import Trial, vhost_of
from support.ledger_verdict import Allowed, Verdict
from support.mailbox import Mailbox
from support.polling import eventually
from support.queues import Queues

Tie: TypeAlias = Literal["gateway-broker", "storage-broker", "notify-broker", "storage-database", "notify-database"]

RATE_PER_S = 50.0
RETRIED = 0.1
CONNECTIONS = 24
ENDLESS = 1_000_000

GIVEN_BACK_MOST = 20
"""So many messages at most come again without a fault: what is on its way to a channel when that is renewed."""

SHORT_LEASE = {"COUNTERFOIL_SMTP_TIMEOUT_S": "5"}
"""A mail's lease outlives its time limit by a quarter of a minute, and a second worker waits for its end.

Not less: a mail that is given up after its final dot comes twice, and on a busy machine the sink may need seconds.
"""


@dataclass
class Stage:
    """Two replicas of each service under load, and everything of theirs that can be harmed.

    The services reach the broker and the database directly, but for the ties in `through`: those lead through
    `proxies`. `row` has the seed of the load and of every choice, and takes down what is counted.
    """

    directory: Path
    broker: Broker
    postgres: Postgres
    mailbox: Mailbox
    row: Row
    through: Collection[Tie] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    special: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    forms: Path = EXAMPLE_FORMS
    replicas: int = 2
    started: bool = True
    proxies: dict[Tie, Proxy] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.broker_url = self.broker.fresh_vhost()
        self.database_url = self.postgres.create_database(f"stage_{self.broker_url.rpartition('/')[2]}")
        self._running = ExitStack()
        self._sent = 0

    def start(self) -> None:
        """Start the proxies, then the installation."""
        special = {kind: dict(self.special.get(kind, {})) for kind in ("gateway", "storage", "notify")}
        for tie in self.through:
            kind, what = tie.split("-")
            proxy = self.proxies[tie] = Proxy(self.broker.port if what == "broker" else self.postgres.port)
            proxy.start()
            self._running.callback(proxy.stop)
            url = self.broker_url if what == "broker" else self.database_url
            special[kind][f"COUNTERFOIL_{what.upper()}_URL"] = proxy.url_of(url)
        self.installation = Installation(
            self.directory,
            broker_url=self.broker_url,
            smtp_url=self.mailbox.url,
            database_url=self.database_url,
            forms=self.forms,
            replicas=self.replicas,
            workers=self.replicas,
            settings={**SHORT_LEASE, **self.settings},
            special=special,
        )
        if self.started:
            self._running.enter_context(self.installation)
        else:
            self._running.callback(self.installation.stop)
            self.installation.prepare()
        self.trial = Trial(
            self.broker,
            vhost_of(self.broker_url),
            self.installation,
            self.mailbox,
            self.database_url,
            seed=self.row.seed,
        )
        self.scraped = Scraped(self.installation)

    @property
    def queues(self) -> Queues:
        """The queues, reached without any proxy."""
        return self.installation.queues

    def load(
        self, count: int = ENDLESS, *, rate_per_s: float | None = RATE_PER_S, connections: int = CONNECTIONS
    ) -> LoadClient:
        """Begin to send, so many or until the client is told to stop; a tenth of it comes twice with the same key."""
        first, self._sent = self._sent, self._sent + count
        return self.trial.load(count, first=first, rate_per_s=rate_per_s, connections=connections, repeats=RETRIED)

    def await_more_acked(self, count: int, *, timeout_s: float = 60) -> None:
        """Wait until so many more submissions are acked than now."""
        self.trial.await_acked(self.trial.ledger.count("acked") + count, timeout_s=timeout_s)

    def refused(self) -> int:
        """Return how many requests were answered 503 so far."""
        return sum(attempt.status == 503 for attempt in self.trial.ledger.attempts())

    def await_refused(self, count: int, *, timeout_s: float = 60) -> None:
        """Wait until so many more requests are answered 503."""
        before = self.refused()
        eventually(lambda: self.refused() >= before + count, timeout_s, f"{count} requests are refused")

    def sent_unrecorded(self) -> Allowed:
        """Return the duplicates of mails whose record the database was not there for, as the notify services say.

        Such a mail comes again where another one takes it on before the one that knows can record it.
        """
        logs = [service.log.read_text() for service in self.installation.notify]
        sent = sum(log.count('"outcome": "sent"') for log in logs)
        self.row.note({"mails sent and not recorded": sent})
        return Allowed(duplicate_mails=sent)

    def hold(self, seconds: float) -> None:
        """Let a fault last so long: it is to outlast a limit of the services that shows nothing outside."""
        Event().wait(seconds)

    def end(self, load: LoadClient, *, timeout_s: float = 60) -> None:
        """Send nothing new, and wait until what is on its way is answered."""
        load.stop()
        load.join(timeout_s)
        assert not load.is_running(), "the load did not end"

    @contextmanager
    def harmed(self, *faults: Fault) -> Iterator[None]:
        """Put faults in for the time of a `with`, and note their evidence at its end; fails where one has none."""
        with ExitStack() as harm:
            for fault in faults:
                harm.callback(fault.heal)
                fault.inject()
            yield
        for fault in faults:
            self.row.add(prove(fault))

    def conclude(
        self, allowed: Allowed | None = None, *, timeout_s: float = 90, answer_limit_s: float = ANSWER_LIMIT_S
    ) -> Verdict:
        """Wait until all is worked off, note what was counted, compare (I1 to I9), and fail unless all of it holds."""
        began = time.monotonic()
        self.trial.settle(timeout_s=timeout_s)
        self.row.note({"seconds to work off the rest": round(time.monotonic() - began, 1)})
        self.scraped.note()
        verdict = self.trial.conclude(allowed, timeout_s=timeout_s, answer_limit_s=answer_limit_s)
        counts = verdict.counts
        self.row.note({name: counts[name] for name in ("acked", "answers 503", "no answer", "duplicate mails")})
        told = ("messages_redelivered", "submissions_repeated", "broker_reconnects", "messages_retried")
        self.row.note({name.replace("_", " "): self.scraped.total(name) for name in told})
        self.row.note({"parked": counts["parked"], "visibly failed": counts["visibly failed"]})
        self.row.note({"seconds to the first 202 after healing": self.trial.returns_s})
        return verdict

    def __enter__(self) -> Stage:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._running.close()
        if self.broker.is_running():
            self.broker.retire(self.broker_url)


class StartStage(Protocol):
    """Starts two replicas of each service on servers that may be harmed; see `Stage`."""

    def __call__(
        self,
        *,
        through: Collection[Tie] = (),
        settings: Mapping[str, str] | None = None,
        special: Mapping[str, Mapping[str, str]] | None = None,
        mailbox: Mailbox | None = None,
        forms: Path = EXAMPLE_FORMS,
        replicas: int = 2,
        started: bool = True,
    ) -> Stage:
        """Start it, or only prepare it; `mailbox` takes the place of a mail server that takes everything."""
