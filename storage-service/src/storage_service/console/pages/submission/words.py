"""Says in words what people did with a submission, and what became of its deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from storage_service.deliveries.naming import channel_words
from storage_service.records.folding import folded_address
from storage_service.store.good_wins import BY as GOOD_WINS
from storage_service.work import Step

STATES: Mapping[str, str] = {
    "pending": "waits to be sent",
    "sending": "is being sent",
    "retrying": "is tried again",
    "held": "is held",
    "sent": "sent",
    "failed": "failed",
    "cancelled": "not sent",
    "suppressed": "not sent: the address takes no mail",
    "bounced": "came back",
}
GATHERED: Mapping[str, str] = {"digest": "waits for the digest", "many": "goes in one mail with others"}
"""What is said of a delivery that notify holds to tell of it along with others: nobody has to do anything."""

OUTCOMES: Mapping[str, str] = {
    "sent": "sent",
    "retrying": "not yet",
    "failed": "failed",
    "suppressed": "not sent",
    "bounced": "came back",
    "complained": "called spam by whoever got it",
}
SPAM: Mapping[str, str] = {
    "honeypot": "its trap was filled in",
    "owner": "somebody marked it",
    "imported": "it was spam where it came from",
    "score": "it looks like what you marked as spam",
    "rule:words": "it has a word that this form does not take",
    "rule:hosts": "it links to a place that this form does not take",
    "rule:addresses": "its mail address is one that this form does not take",
    "rule:networks": "it came from a network that this form does not take",
    "rule:links": "it has more links than this form takes",
    "rule:time": "it was sent sooner than a person can write it",
}
"""Why a submission is spam."""

_STATUS: Mapping[str, str] = {"new": "marked it as new", "open": "opened it again", "done": "marked it as done"}


class Piece(NamedTuple):
    """A piece of a sentence; `is_named` is what somebody chose, and may be in another direction."""

    text: str
    is_named: bool = False


Sentence: TypeAlias = tuple[Piece, ...]


def spam_words(reason: str) -> str:
    """Return why a submission is spam."""
    return SPAM.get(reason, reason)


def step_words(step: Step) -> list[Piece]:
    """Return what a step did, behind the name of who did it: `marked it as done, took it on`."""
    said = list[Piece]()
    for name, change in step.changes.items():
        for sentence in _SENTENCES.get(name, _unknown)(change, step.by):
            said += [*([Piece(", ")] if said else []), *sentence]
    return said or [Piece("changed it")]  # what, was erased


def _unknown(_change: Any, _by: str) -> list[Sentence]:
    return [(Piece("changed it"),)]


def _state(change: Sequence[str], _by: str) -> list[Sentence]:
    before, after = change
    begins = (before, after) == ("new", "open")
    return [(Piece("took it in hand" if begins else _STATUS.get(after, "changed it")),)]


def _starred(change: Sequence[bool], _by: str) -> list[Sentence]:
    return [(Piece("starred it" if change[1] else "took its star off"),)]


def _assignee(change: Sequence[str | None], by: str) -> list[Sentence]:
    (before, after), by = change, folded_address(by)  # as an assignee is kept
    if after is not None:
        return [(Piece("took it on"),) if after == by else (Piece("gave it to "), Piece(after, is_named=True))]
    return [(Piece("gave it back"),) if before == by else (Piece("took it from "), Piece(before or "", is_named=True))]


def _spam(change: Sequence[str | None], by: str) -> list[Sentence]:
    if by == GOOD_WINS:
        return [(Piece("let it in: when it came once more, nothing spoke against it"),)]
    return [(Piece("marked it as spam" if change[1] is not None else "said that it is no spam"),)]


def _labels(change: Mapping[str, Sequence[str]], _by: str) -> list[Sentence]:
    added = [(Piece("put on the label "), Piece(one, is_named=True)) for one in change.get("added", ())]
    return [*added, *((Piece("took off the label "), Piece(one, is_named=True)) for one in change.get("removed", ()))]


def _resend(channel: str | None, _by: str) -> list[Sentence]:
    return [(Piece(f"asked to send again: {channel_words(channel or '')}"),)]


def _arrived(count: int, _by: str) -> list[Sentence]:
    said = "one that came afterwards was refused" if count == 1 else f"{count:,} that came afterwards were refused"
    return [(Piece(said),)]


_SENTENCES: Mapping[str, Callable[[Any, str], list[Sentence]]] = {
    "state": _state,
    "starred": _starred,
    "assignee": _assignee,
    "spam": _spam,
    "labels": _labels,
    "note": lambda *_: [(Piece("wrote a note"),)],
    "reply": lambda *_: [(Piece("replied by mail"),)],
    "resend": _resend,
    "opted_in": lambda *_: [(Piece("confirmed the address"),)],
    "erased": lambda *_: [(Piece("erased what was here before"),)],
    "anonymised": lambda *_: [(Piece("made it anonymous"),)],
    "arrived_after": _arrived,
}
"""By the name of what was changed; see `work.trail.Step`."""
