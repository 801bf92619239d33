"""What the pages and the API about spam work with, and what both read of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from shared.forms import Form
from storage_service.accounts.asker import Asker
from storage_service.spam.authors import Authors
from storage_service.spam.models import Models
from storage_service.spam.standing import Standing

AUTHOR_MOST = 320
"""Characters of whoever marked: the name of a key, or an address."""

Does: TypeAlias = Literal["nothing", "learns", "shows", "holds", "waits"]
"""What is done with a form by now. `waits` is to hold and shows the score only, until a model may hold."""


class Trains(Protocol):
    """Trains models, see `storage_service.spam.trainer`."""

    def begin(self, by: Asker) -> bool:
        """Begin a training; return False where one is going on already."""


@dataclass(frozen=True, slots=True)
class SpamParts:
    """The parts that are about spam that learns."""

    standing: Callable[[], Standing]
    models: Models
    authors: Authors
    trainer: Trains


def does(form: Form, standing: Standing) -> Does:
    """Return what is done with a form by now."""
    if form.spam.mode == "off":
        return "nothing"
    if standing.current is None:
        return "learns"
    if form.spam.mode == "shadow":
        return "shows"
    return "holds" if standing.current.may_hold else "waits"


@dataclass(frozen=True, slots=True)
class Worth:
    """What came of trying a model on labels that it had not seen; see `learning.Evaluation`. Shares are of one."""

    good: int
    spam: int
    lost: int
    caught: int
    loss_bound: float
    catch_bound: float
    curve: tuple[tuple[int, float, float], ...]
    """Score, loss, catch."""

    @property
    def loss(self) -> float:
        """The share of good ones that would have been held."""
        return self.lost / self.good if self.good else 0.0

    @property
    def catch(self) -> float:
        """The share of spam that would have been held."""
        return self.caught / self.spam if self.spam else 0.0


def worth_of(kept: Mapping[str, Any]) -> Worth | None:
    """Return what is kept with a model; None where it was tried on nothing."""
    if not kept.get("good") or not kept.get("spam"):
        return None
    return Worth(
        good=int(kept["good"]),
        spam=int(kept["spam"]),
        lost=int(kept["lost"]),
        caught=int(kept["caught"]),
        loss_bound=float(kept["loss_bound"]),
        catch_bound=float(kept["catch_bound"]),
        curve=tuple(map(_point, kept.get("curve", ()))),
    )


def _point(kept: Any) -> tuple[int, float, float]:
    score, loss, catch = (kept[name] for name in ("score", "loss", "catch")) if isinstance(kept, dict) else kept
    return int(score), float(loss), float(catch)
