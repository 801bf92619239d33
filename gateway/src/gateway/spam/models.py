"""Says what whoever judges needs of a model, and of what holds one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.spam import Scored, SpamText


class Scoring(Protocol):
    """A model, as far as it is asked: `shared.spam.Model` is one."""

    @property
    def threshold(self) -> int:
        """From which score on it is spam, where the form does not say."""

    @property
    def may_hold(self) -> bool:
        """Whether it has shown that it loses few good ones."""

    def score(self, text: SpamText) -> Scored:
        """Return what it says of a submission."""


@dataclass(frozen=True, slots=True)
class HeldModel:
    """A model, the name that a verdict has of it (`12-3fa94c01`), and the SHA-256 of its bytes in hex."""

    model: Scoring
    name: str
    digest: str


class Models(Protocol):
    """Holds the model that counts."""

    @property
    def held(self) -> HeldModel | None:
        """The model that counts now; None without one. It is read for each submission, and costs nothing."""


class NoModels:
    """Holds none."""

    held: HeldModel | None = None
