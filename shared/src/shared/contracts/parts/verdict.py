"""What a gateway's model thought of a submission: a score, and why, as its event tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields as members_of

from shared.contracts.event import InvalidEvent
from shared.contracts.members import count_of, member, short_text
from shared.contracts.strict_json import JsonValue

SCORE_MOST = 100
MODEL_MOST = 40
REASONS_MOST = 5
REASON_MOST = 80


@dataclass(frozen=True, slots=True)
class Verdict:
    """A score from 0 (surely none) to 100 (surely spam), the model that gave it (`12-3fa94c01`), and what weighed most.

    A reason is a code that a machine wrote, such as `links:3:2`; `shared.spam` puts it into words.
    """

    score: int
    model: str
    reasons: tuple[str, ...] = ()

    def flaw(self) -> str | None:
        """Return what is wrong with it, by the name of its member; None where nothing is."""
        if not 0 <= self.score <= SCORE_MOST:
            return f"score: expected a number from 0 to {SCORE_MOST}"
        if len(self.model) > MODEL_MOST:
            return f"model: {len(self.model)} characters, {MODEL_MOST} at most"
        if len(self.reasons) > REASONS_MOST:
            return f"reasons: {len(self.reasons)} reasons, {REASONS_MOST} at most"
        for number, one in enumerate(self.reasons):
            if len(one) > REASON_MOST:
                return f"reasons[{number}]: {len(one)} characters, {REASON_MOST} at most"
        return None


MEMBERS = tuple(each.name for each in members_of(Verdict))


def document_of(verdict: Verdict) -> dict[str, JsonValue]:
    """Return a verdict as an event's document has it."""
    return {"score": verdict.score, "model": verdict.model, "reasons": list(verdict.reasons)}


def verdict_in(document: Mapping[str, JsonValue]) -> Verdict | None:
    """Return the verdict of an event's document, which may have none; raises `InvalidEvent`."""
    if "verdict" not in document:
        return None
    told = member(document, "verdict", dict)
    try:
        found = _read(told)
    except InvalidEvent as error:
        raise InvalidEvent(f"verdict.{error}") from None
    if flaw := found.flaw():
        raise InvalidEvent(f"verdict.{flaw}")
    return found


def _read(told: Mapping[str, JsonValue]) -> Verdict:
    reasons = member(told, "reasons", list)
    for number, one in enumerate(reasons):
        if not isinstance(one, str):
            raise InvalidEvent(f"reasons[{number}]: expected str, got {type(one).__name__}")
    return Verdict(
        score=count_of(told, "score", SCORE_MOST),
        model=short_text(told, "model", MODEL_MOST),
        reasons=tuple(str(one) for one in reasons),
    )
