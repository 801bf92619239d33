"""Asks storage for a line about each submission of a digest: notify keeps no fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from shared.messaging.broker import NoAnswer, QueryFailed, RpcClient
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.topology import STORAGE_QUERIES

LINES_MOST = 100
"""How many storage is asked for at once."""

TIMEOUT_S = 5.0

State: TypeAlias = Literal["good", "spam", "gone"]


@dataclass(frozen=True, slots=True)
class Line:
    """What is told of a submission: who submitted it, and the first words. `gone` and `spam` is told to nobody."""

    state: State
    who: str = ""
    words: str = ""


UNKNOWN = Line("good")
"""Of what is not stored yet: there is a link, and nothing to say."""


class StorageLines:
    """Asks over the broker."""

    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc

    def __call__(self, ids: Sequence[UUID], only: Sequence[str] | None) -> Mapping[UUID, Line]:
        """Return the lines of these submissions, of the fields that are named `only`; raises `DependencyUnavailable`
        where storage does not answer."""
        found = dict[UUID, Line]()
        for start in range(0, len(ids), LINES_MOST):
            asked = [str(one) for one in ids[start : start + LINES_MOST]]
            pending = self._rpc.ask(STORAGE_QUERIES, "lines", {"ids": asked, "only": only})
            try:
                answer = pending.answer(timeout_s=TIMEOUT_S)
                found |= {UUID(one["id"]): _line(one) for one in answer["lines"]}
            except (NoAnswer, QueryFailed, KeyError, TypeError, ValueError) as error:
                raise DependencyUnavailable(f"storage: {type(error).__name__}") from error
        return {one: found.get(one, UNKNOWN) for one in ids}


def _line(told: Mapping[str, object]) -> Line:
    state: State = "spam" if told["state"] == "spam" else "gone" if told["state"] == "gone" else "good"
    return Line(state, str(told["who"]), str(told["words"]))
