"""Says how far this installation is with spam: what people said, what was learned, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from shared.database import classified, reading
from storage_service.spam import counts, gate, trainings
from storage_service.spam.authors import left_out
from storage_service.spam.counts import AuthorCounts
from storage_service.spam.gate import Missing
from storage_service.spam.models import Models, StoredModel
from storage_service.spam.outcome import MADE_NONE
from storage_service.spam.sending import sent
from storage_service.spam.trainings import Ended


@dataclass(frozen=True, slots=True)
class Standing:
    """How far it is.

    `good` and `spam` are labels that count, `authors` who gave them, with those left out. `missing_to_train` is None
    where there are enough, `missing_to_hold` where forms may hold by the current model. `current` is the model that
    gateways use, `newest` the one that was trained last, refused or not; `new_labels` were given since. What gateways
    fetch was put together at `refreshed_at`. `in_vain` is what came of the last training where it made no model, which
    says what nothing else here does; None where it made one, or somebody has since.
    """

    good: int
    spam: int
    authors: Sequence[AuthorCounts]
    missing_to_train: Missing | None
    missing_to_hold: Missing | None
    current: StoredModel | None
    newest: StoredModel | None
    new_labels: int
    left_out: tuple[str, ...]
    refreshed_at: datetime | None
    in_vain: Ended | None


def standing(engine: Engine) -> Standing:
    """Return how far it is; raises as `classified` does."""
    models = Models(engine).all()
    current, newest = next((one for one in models if one.state == "current"), None), next(iter(models), None)
    with classified(), reading(engine).connect() as connection:
        counted, out, fetched = counts.count(connection), left_out(connection), sent(connection)
        ended = trainings.last(connection)
        new = counts.new_since(connection, newest.labelled_to) if newest else counted.good + counted.spam
    evaluation = current.evaluation if current else {"good": 0, "spam": 0, "lost": 0}
    return Standing(
        counted.good,
        counted.spam,
        counted.authors,
        gate.may_train(counted.good, counted.spam),
        gate.may_hold(evaluation),
        current,
        newest,
        new,
        out,
        fetched.made_at if fetched else None,
        ended if ended and _made_none(ended, newest) else None,
    )


def _made_none(ended: Ended, newest: StoredModel | None) -> bool:
    return ended.outcome.kind in MADE_NONE and (newest is None or newest.made_at < ended.at)
