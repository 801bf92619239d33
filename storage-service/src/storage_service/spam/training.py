"""Trains a model: reads the labels, learns, asks what it is worth, and keeps it unless it is worse than the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from shared.database import classified, reading
from shared.failpoints import Reach as Failpoint
from shared.failpoints import ignore
from shared.spam import BadModel, Model, SpamText, digest_of, packed, unpacked
from storage_service.accounts.asker import Asker
from storage_service.spam import counts, gate
from storage_service.spam.examples import Labelled, Reach, labelled, reach_of
from storage_service.spam.learning import Example, Table, TooFewLabels, evaluate, gathered, train
from storage_service.spam.models import Made, Models, OthersCount, State, StoredModel
from storage_service.spam.outcome import Outcome

HELD_BACK_MOST = 5_000
"""Labels by which two models are compared: each takes a fifth of a millisecond."""

_TIMES_MOST = 2
"""Trainings in the place of one, where whose labels count changes meanwhile."""

PROOF_KEPT = timedelta(days=30)
"""So long a model that has proved itself is used while newer ones have not."""


@dataclass(slots=True)
class _Sorted:
    """What was read: for learning, and held back from it."""

    held_back: list[tuple[datetime, SpamText, bool]]

    def examples(self, found: Iterator[Labelled]) -> Iterator[Example]:
        for one in found:
            if not one.is_held_back:
                yield Example(one.text, one.is_spam, one.accepted_at.timestamp(), one.author)
            elif len(self.held_back) < HELD_BACK_MOST:
                self.held_back.append((one.labelled_at, one.text, one.is_spam))


class Training:
    """Trains models of a database. All methods raise as `classified` does."""

    def __init__(
        self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), reach: Failpoint = ignore
    ) -> None:
        self._engine = engine
        self._models = Models(engine, clock=clock)
        self._clock = clock
        self._reach = reach

    def run(self, by: Asker) -> Outcome:
        """Train a model of all labels that count, and have gateways use it unless it was refused, or is to wait.

        Whoever leaves somebody out meanwhile is told that it is learned anew: so it is, once more.
        """
        for _ in range(_TIMES_MOST):
            with suppress(OthersCount):
                return self._run(by)
        return Outcome("met", "whose labels count has changed again and again meanwhile")

    def _run(self, by: Asker) -> Outcome:
        with classified(), reading(self._engine).connect() as connection:
            counted = counts.count(connection)
        if missing := gate.may_train(counted.good, counted.spam):
            return Outcome("missing", missing.words)
        newest, current, reach = self._models.newest(), self._models.current(), reach_of(self._engine)
        sorted_ = _Sorted([])
        table = gathered(sorted_.examples(labelled(self._engine, reach)))
        self._reach("spam-before-training")
        try:
            model, evaluation = _learned(table, (newest.number if newest else 0) + 1)
        except TooFewLabels:
            return Outcome("missing", "too few of a kind once copies of the same text are left out")
        data = packed(model)
        why = self._worse(current, model, sorted_) if current else None
        state: State = "refused" if why else "former"
        waits = waits_for_proof(current, evaluation, reach, self._clock()) if current and not why else None
        stored = StoredModel(
            version=f"{model.version}-{digest_of(data)[:8]}",
            number=model.version,
            made_at=self._clock(),
            made_by=by.name,
            hash=digest_of(data),
            state=state,
            why=why or waits,
            good=table.good,
            spam=table.spam,
            labelled_to=reach.until,
            evaluation=evaluation,
            without_authors=reach.without_authors,
        )
        self._reach("spam-before-keeping")
        if not self._models.keep(Made(stored, data), by):
            return Outcome("met", "another process has just trained one")
        if why:
            return Outcome("refused", f"{stored.version}: {why}")
        return Outcome("trained", f"{stored.version}, not used yet: {waits}" if waits else stored.version)

    def _worse(self, current: StoredModel, model: Model, sorted_: _Sorted) -> str | None:
        """Return why it is worse than the current one, on labels that were there when that was made, held back from
        both."""
        try:
            before = unpacked(self._models.data(current.version))
        except BadModel:
            return None  # of a version that this one cannot read
        known = [(text, is_spam) for at, text, is_spam in sorted_.held_back if at <= current.labelled_to]
        return gate.worse(before, model, known)


def waits_for_proof(current: StoredModel, evaluation: Mapping[str, Any], reach: Reach, now: datetime) -> str | None:
    """Return why the current model stays, which has proved itself, while the new one has not; None where it gives way.

    It gives way where good ones show that holding loses too many, where other people's labels count by now, and after
    `PROOF_KEPT`: what was erased may not teach for ever.
    """
    missing = gate.may_hold(evaluation)
    if not current.may_hold or missing is None or not (missing.good or missing.spam):
        return None
    if current.without_authors != reach.without_authors or now - current.made_at > PROOF_KEPT:
        return None
    return f"it has not proved itself yet, and the one in use has; {missing.words}"


def _learned(table: Table, number: int) -> tuple[Model, dict[str, Any]]:
    evaluation = evaluate(table).to_json()
    missing = gate.may_hold(evaluation)
    model = replace(train(table, version=number), may_hold=missing is None)
    return model, {**evaluation, "may_hold": missing is None, "missing": missing.words if missing else None}
