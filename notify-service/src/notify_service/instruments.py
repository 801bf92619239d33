"""The metrics of the notify service, told by what stands around its tables and its senders."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import get_args
from uuid import UUID

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from notify_service.channels.planned import Key, Planned
from notify_service.channels.registry import CHANNELS, told_as
from notify_service.deliveries.interface import Deliveries
from notify_service.deliveries.states import UNTRIED, Capped, Claim, ClaimAnswer, Erased, Held, Outcome, Sent, Tried
from shared.contracts import Confirmation
from shared.messaging.failures import DependencyUnavailable
from shared.telemetry.messaging import SECONDS
from shared.telemetry.registry import secrets_gauge

MET_ERASED = ("event", "planning", "delivery", "request", "verdict", "found", "parked")
"""Where erased submissions are met: the event that says so, and whatever comes of them later, which is dropped."""

GATHERED_BECAUSE = ("digest", "many")
DIGEST_OUTCOMES = ("sent", "retrying", "failed", "suppressed")

ACCOUNT_MAIL_OUTCOMES = ("sent", "expired", "refused", "suppressed")

_HELD = "held"
_CAPPED = "capped"
_LOST = "lost"


class NotifyInstruments:
    """Measures all deliveries of a process in a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._outcomes = Counter(
            "counterfoil_deliveries",
            "What was recorded of deliveries: held at a cap, capped for being held too long, lost by the broker.",
            ["channel", "outcome"],
            registry=registry,
        )
        self._of_no_source = Counter(
            "counterfoil_confirmations_of_no_source",
            "Confirmations that count for no source: theirs is private, loopback or missing.",
            registry=registry,
        )
        self._seconds = Histogram(
            "counterfoil_delivery_send_seconds",
            "One try to send, whatever came of it.",
            ["channel"],
            buckets=SECONDS,
            registry=registry,
        )
        self._secrets = secrets_gauge(registry)
        self._open = Gauge(
            "counterfoil_breakers_open",
            "Servers that failed so often that only one try now and then is made.",
            ["channel"],
            registry=registry,
        )

        self._account_mails = Counter(
            "counterfoil_account_mails",
            "Mails with links into accounts: sent, expired before they could be, refused for good, suppressed.",
            ["outcome"],
            registry=registry,
        )
        self._digests = Counter(
            "counterfoil_digests",
            "What was recorded of mails that tell an owner of several submissions: a digest, or too many at once.",
            ["kind", "outcome"],
            registry=registry,
        )
        for kind in GATHERED_BECAUSE:
            for outcome in DIGEST_OUTCOMES:
                self._digests.labels(kind, outcome)
        self._erased = Counter(
            "counterfoil_erased_met",
            "Erased submissions by where they were met: forgotten for an event, dropped anywhere else.",
            ["where"],
            registry=registry,
        )
        for where in MET_ERASED:
            self._erased.labels(where)
        for outcome in ACCOUNT_MAIL_OUTCOMES:
            self._account_mails.labels(outcome)
        for channel in CHANNELS:  # shown from the start, at zero
            self._seconds.labels(told_as(channel))
            for outcome in (*get_args(Outcome), _HELD, _CAPPED, _LOST):
                self._outcomes.labels(told_as(channel), outcome)

    def _count(self, key: Key, outcome: str) -> None:
        self._outcomes.labels(told_as(key.channel), outcome).inc()

    def count_account_mail(self, outcome: str) -> None:
        """Count what came of a mail with a link into an account."""
        self._account_mails.labels(outcome).inc()

    def count_digest(self, kind: str, outcome: str, number: int) -> None:
        """Count a mail that tells an owner of so many submissions, by one of `GATHERED_BECAUSE`, and their deliveries
        where they have come to their end."""
        self._digests.labels(kind, outcome).inc()
        if number and outcome in get_args(Outcome):
            self._outcomes.labels("owner", outcome).inc(number)

    def watch_gathered(
        self, waiting: Callable[[], Mapping[tuple[str, str], int]], forms: Callable[[], Collection[str]]
    ) -> None:
        """Show how many mails to the owners of each form of the file wait to be one, by a database query at each
        scrape; nothing while the database is away."""
        self._registry.register(_Gathered(waiting, forms))

    def count_erased(self, where: str, number: int = 1) -> None:
        """Count erased submissions that were met, by one of `MET_ERASED`."""
        self._erased.labels(where).inc(number)

    def count_lost(self, channel: str) -> None:
        """Count a delivery that has failed because its message is gone."""
        self._outcomes.labels(told_as(channel), _LOST).inc()

    def watch_owner_mail(self, failing: Callable[[], Collection[str]], forms: Callable[[], Collection[str]]) -> None:
        """Show which of the forms of the file have mail to their owner that fails, by a database query at each scrape;
        nothing while the database is away."""
        self._registry.register(_OwnerMail(failing, forms))

    def watch_secrets(self, channel: str, missing: Callable[[], int]) -> None:
        """Show how many forms have no secret for a channel that can be read."""
        self._secrets.labels(channel).set_function(missing)

    def counted(self, deliveries: Deliveries, *, by_source: bool = False) -> Deliveries:
        """Return the same deliveries, counted by channel as they are recorded; `by_source`, where that has a cap, those
        apart that count for none."""
        of_no_source = self._of_no_source.inc if by_source else None
        return _Counted(deliveries, self._count, of_no_source, self._erased.labels("delivery").inc)

    @contextmanager
    def timing(self, channel: str) -> Iterator[None]:
        """Time one try to send."""
        start_s = time.monotonic()
        try:
            yield
        finally:
            self._seconds.labels(told_as(channel)).observe(time.monotonic() - start_s)

    def watch(self, channel: str, open_breakers: Callable[[], int]) -> None:
        """Show how many breakers of a channel are open."""
        self._open.labels(channel).set_function(open_breakers)


class _OwnerMail(Collector):
    def __init__(self, failing: Callable[[], Collection[str]], forms: Callable[[], Collection[str]]) -> None:
        self._failing = failing
        self._forms = forms

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "counterfoil_owner_mail_failing",
            "Whether mail to the owner of a form fails: 1, else 0. All replicas see the same.",
            labels=["form"],
        )
        try:
            failing = set(self._failing())
        except DependencyUnavailable:
            return  # no figure is better than a wrong one
        for form in sorted(self._forms()):  # a label for each form of the file, and no other
            family.add_metric([form], form in failing)
        yield family


class _Gathered(Collector):
    def __init__(
        self, waiting: Callable[[], Mapping[tuple[str, str], int]], forms: Callable[[], Collection[str]]
    ) -> None:
        self._waiting = waiting
        self._forms = forms

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "counterfoil_owner_mails_waiting",
            "Mails to the owner of a form that wait to be one: a digest, or too many. All replicas see the same.",
            labels=["form", "because"],
        )
        try:
            waiting = self._waiting()
        except DependencyUnavailable:
            return  # no figure is better than a wrong one
        for form in sorted(self._forms()):
            for because in GATHERED_BECAUSE:
                family.add_metric([form, because], waiting.get((form, because), 0))
        yield family


class _Counted:
    def __init__(
        self,
        deliveries: Deliveries,
        count: Callable[[Key, str], None],
        of_no_source: Callable[[], None] | None,
        count_erased: Callable[[], None],
    ) -> None:
        self._deliveries = deliveries
        self._count = count
        self._of_no_source = of_no_source
        self._count_erased = count_erased

    def claim(
        self, wanted: Sequence[Planned], *, lease_holder: UUID, now: datetime, lease_until: datetime
    ) -> Mapping[Key, ClaimAnswer]:
        answers = self._deliveries.claim(wanted, lease_holder=lease_holder, now=now, lease_until=lease_until)
        of_no_source = {one.key for one in wanted if one.counted.source is None}
        for key, answer in answers.items():
            if isinstance(answer, Erased):
                self._count_erased()
            elif isinstance(answer, Capped):
                self._count(key, _CAPPED)
            elif isinstance(answer, Held) and answer.since == now:
                self._count(key, _HELD)
            elif isinstance(answer, Claim) and answer.attempts == 1 and key in of_no_source:
                self._note_no_source()
        return answers

    def _note_no_source(self) -> None:
        if self._of_no_source:
            self._of_no_source()

    def release(self, claim: Claim, *, now: datetime) -> None:
        self._deliveries.release(claim, now=now)

    def record(
        self,
        claim: Claim,
        outcome: Outcome,
        *,
        now: datetime,
        error: str | None = None,
        next_attempt_at: datetime | None = None,
        tried: Tried = UNTRIED,
    ) -> Confirmation | None:
        recorded = self._deliveries.record(
            claim, outcome, now=now, error=error, next_attempt_at=next_attempt_at, tried=tried
        )
        if recorded is not None:
            self._count(claim.key, outcome)
        return recorded

    def record_sent(self, sent: Sequence[Sent]) -> Mapping[Key, Confirmation]:
        recorded = self._deliveries.record_sent(sent)
        for key in recorded:
            self._count(key, "sent")
        return recorded

    def due_at(self, delivery_id: UUID) -> datetime | None:
        return self._deliveries.due_at(delivery_id)

    def confirmations(self, submission_id: UUID) -> list[Confirmation]:
        return self._deliveries.confirmations(submission_id)
