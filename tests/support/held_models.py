"""Spam models for tests of the gateway: real ones, and one that a test says the score of."""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.spam.models import HeldModel
from shared.messaging.broker import Params
from shared.spam import Model, Scored, SpamText, digest_of, packed


@dataclass
class Says:
    """A model that says what a test wants, and keeps what it was asked; `error` is raised instead."""

    score_of: int = 0
    reasons: tuple[str, ...] = ("links:3:2", "word:casino")
    threshold: int = 80
    may_hold: bool = True
    error: Exception | None = None
    asked: list[SpamText] = field(default_factory=list)

    def score(self, text: SpamText) -> Scored:
        """Return the score, whatever the text is."""
        self.asked.append(text)
        if self.error:
            raise self.error
        return Scored(self.score_of, self.reasons)


@dataclass
class Holds:
    """Holds a model for a gateway, as `gateway.spam.models.Models`; a test may replace it at any time."""

    held: HeldModel | None = None

    @classmethod
    def one(cls, model: Any, name: str = "12-3fa94c01") -> Holds:
        """Return one that holds this model."""
        return cls(HeldModel(model, name, "0" * 64))


@dataclass
class StorageOf:
    """Answers the query `spam.model` as storage does, with one model, and counts how often it was asked for it."""

    model: Model | None = None
    name: str = "12-3fa94c01"
    asked: list[str | None] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    """What a test puts in place of members of the answer."""

    guard: threading.RLock = field(default_factory=threading.RLock)
    """Held while a model is put in another's place: whoever asks has either, with its own name."""

    @property
    def data(self) -> bytes:
        """The model's bytes."""
        assert self.model is not None
        return packed(self.model)

    def answer(self, params: Params) -> dict[str, Any]:
        """Answer one query."""
        with self.guard:
            return self._answer(params)

    def _answer(self, params: Params) -> dict[str, Any]:
        self.asked.append(params["have"])
        if self.model is None:
            return {"hash": None}
        digest = digest_of(self.data)
        if params["have"] == digest:
            return {"hash": digest}
        full = {"hash": digest, "version": self.name, "data": base64.b64encode(self.data).decode()}
        return full | self.changes

    def learn(self, number: int, **members: Any) -> str:
        """Put another model in its place, and return the hash of its bytes."""
        with self.guard:
            self.model = replace(Model(number), **members)
            self.name = f"{number}-{digest_of(self.data)[:8]}"
            return digest_of(self.data)
