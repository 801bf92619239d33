"""The metrics of what comes back."""

from __future__ import annotations

from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from notify_service.bounces.handler import BounceOutcome
from notify_service.bounces.reader import Outcome


class BounceInstruments:
    """Measures bounces in a registry; all of it is shown from the start, at zero, mailbox or not."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._bounces = Counter(
            "counterfoil_mail_bounces",
            "Mails that came back (hard, soft) or were complained about; known before; dropped, for no mail is known.",
            ["outcome", "via"],
            registry=registry,
        )
        self._mails = Counter(
            "counterfoil_bounce_mails",
            "Mails in the mailbox of bounces: told of a mail of ours, of nothing that counts, unreadable.",
            ["outcome"],
            registry=registry,
        )
        self._away = Gauge(
            "counterfoil_bounce_mailbox_away",
            "Whether the mailbox of bounces was not reached at the last try of this process: 1, else 0.",
            registry=registry,
        )
        for outcome in get_args(BounceOutcome):
            self._bounces.labels(outcome, "mailbox")
        for read in get_args(Outcome):
            self._mails.labels(read)

    def count(self, outcome: BounceOutcome, via: str) -> None:
        """Count a bounce by what came of it, and by who told it."""
        self._bounces.labels(outcome, via).inc()

    def count_bounce_mail(self, outcome: Outcome) -> None:
        """Count a mail that was read; see `reader.Telling`."""
        self._mails.labels(outcome).inc()

    def note_mailbox(self, *, is_away: bool) -> None:
        """Note whether the mailbox was reached; see `reader.Telling`."""
        self._away.set(int(is_away))
