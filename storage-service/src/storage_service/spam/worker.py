"""Trains by itself, and keeps what gateways fetch as it is now: a look every few seconds, in one console of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Engine

from shared.contracts import SpamModelMade
from shared.database import classified, reading
from shared.spam import BadModel
from storage_service.accounts.asker import Asker
from storage_service.spam import counts, gate, models, trainings
from storage_service.spam.models import Models
from storage_service.spam.outcome import Outcome
from storage_service.spam.recent import Lately
from storage_service.spam.sending import sent
from storage_service.spam.trainer import Trainer

BY = Asker("rule: spam", frozenset())
"""Who trains by itself, for the audit: no key and no account is called so."""

LABELS_A_TIME = 50
"""After so many new labels a model is trained."""


@dataclass(frozen=True, slots=True)
class Times:
    """How often it looks: for what is to be announced, for labels, for what came lately; and how often it trains."""

    look_s: float = 5.0
    labels: timedelta = timedelta(seconds=30)
    lately: timedelta = timedelta(minutes=3)
    training: timedelta = timedelta(hours=1)


USUAL = Times()


def _ignore(_outcome: Outcome) -> None:
    pass


class SpamWork:
    """What is done behind a console's requests; `turn` is called again and again by the one that has the lease.

    `announce` tells gateways of another model, `told` is told what came of a training.
    """

    def __init__(
        self,
        engine: Engine,
        trainer: Trainer,
        announce: Callable[[SpamModelMade], None],
        *,
        told: Callable[[Outcome], None] = _ignore,
        times: Times = USUAL,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._trainer = trainer
        self._announce = announce
        self._told = told
        self._times = times
        self._clock = clock
        self._models = Models(engine, clock=clock)
        self._lately = Lately(engine)
        self._announced: str | None = None
        self._to_keep: tuple[Outcome, datetime] | None = None
        self._looked_at = self._refreshed_at = self._tried_at = datetime.min.replace(tzinfo=UTC)
        self._log = structlog.get_logger().bind(part="spam")

    def aside(self) -> None:
        """Say what came of trainings that were begun here while another console has the lease: people may begin one in
        each."""
        while outcome := self._trainer.ended():
            self._ended(outcome)
        if self._to_keep is not None:
            trainings.keep(self._engine, *self._to_keep)
            self._to_keep = None

    def turn(self) -> float:
        """Do what is due, and return after how many seconds to come again; raises `DependencyUnavailable`."""
        now = self._clock()
        self.aside()
        self._tell()
        if now - self._refreshed_at >= self._times.lately:
            self._refreshed_at = now
            self._refresh(now)
        if now - self._looked_at >= self._times.labels:
            self._looked_at = now
            if self._is_due(now) and self._trainer.begin(BY):
                self._tried_at = now
        return min(1.0, self._times.look_s) if self._trainer.is_training else self._times.look_s

    def _ended(self, outcome: Outcome) -> None:
        say = self._log.error if outcome.kind == "failed" else self._log.info
        say("a training ended", outcome=outcome.kind, because=outcome.words)
        self._told(outcome)
        self._to_keep = outcome, self._clock()  # until the database is there to take it

    def _tell(self) -> None:
        with classified(), self._reading.connect() as connection:
            now = sent(connection)
        if now is not None and now.hash != self._announced:
            self._announced = now.hash
            self._announce(SpamModelMade(now.version, now.hash))

    def _refresh(self, now: datetime) -> None:
        with classified(), self._reading.connect() as connection:
            if models.current_version(connection) is None:
                return  # there is nothing that could know it
        try:
            models.refresh(self._engine, self._lately.look(now), now)
        except BadModel as error:
            self._log.error("the current model cannot be read: train another one", because=str(error))
        self._tell()

    def _is_due(self, now: datetime) -> bool:
        """Say whether there are enough labels, enough new ones, and an hour since the last time."""
        newest = self._models.newest()
        if now - max(self._tried_at, newest.made_at if newest else self._tried_at) < self._times.training:
            return False
        with classified(), self._reading.connect() as connection:
            if newest is not None and counts.new_since(connection, newest.labelled_to) < LABELS_A_TIME:
                return False
            counted = counts.count(connection)
        return gate.may_train(counted.good, counted.spam) is None
