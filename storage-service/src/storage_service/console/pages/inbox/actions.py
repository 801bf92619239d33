"""Says what each button above and in the list does, and how it is told when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storage_service.jobs.job import Kind
from storage_service.work import BadValue, Change

SEND_AGAIN: Mapping[str, Any] = {"channel": None, "states": ["failed", "held"]}


@dataclass(frozen=True, slots=True)
class Action:
    """What a button does. `did` and `does` tell it in words, of so many submissions: `{n}`."""

    name: str
    kind: Kind
    action: Mapping[str, Any]
    did: str
    does: str

    @property
    def can_be_undone(self) -> bool:
        """Whether it can be taken back: what was sent or erased cannot."""
        return self.kind == "change"


class BadAction(ValueError):
    """A button that there is not, or whose value is missing or wrong; the text may be shown."""


@dataclass(frozen=True, slots=True)
class _Set:
    change: Change
    did: str
    does: str


_SETS: Mapping[str, _Set] = {
    "done": _Set(Change(state="done"), "{n} done.", "Mark {n} as done"),
    "open": _Set(Change(state="open"), "{n} open.", "Mark {n} as open"),
    "new": _Set(Change(state="new"), "{n} new again.", "Mark {n} as new"),
    "star": _Set(Change(starred=True), "{n} starred.", "Give {n} a star"),
    "unstar": _Set(Change(starred=False), "{n} without a star.", "Take the star off {n}"),
    "spam": _Set(Change(spam=True), "{n} marked as spam: nothing more of it is sent.", "Mark {n} as spam"),
    "not-spam": _Set(Change(spam=False), "{n} marked as no spam: what was held back is sent.", "Mark {n} as no spam"),
}


def change_named(name: str) -> Change:
    """Return the change of a button that needs no value; raises `BadAction`."""
    if name not in _SETS:
        raise BadAction("There is no such button.")
    return _SETS[name].change


def told(name: str, n: int) -> str:
    """Return in words what such a button did to so many."""
    return _SETS[name].did.format(n=submissions(n))


def action_of(given: Mapping[str, str]) -> Action:
    """Return what a form asks for, by its button `do` and the value that this takes; raises `BadAction`."""
    name = given.get("do", "")
    if name == "resend":
        did = "What failed or is held of {n} is sent again."
        return Action(name, "resend", SEND_AGAIN, did, "Send again what failed or is held of {n}")
    if name == "erase":
        return Action(name, "erase", {}, "{n} erased.", "Erase {n}")
    try:
        made = _SETS[name] if name in _SETS else _with_value(name, given)
    except BadValue as error:
        raise BadAction(f"{_MEMBERS.get(error.member, error.member)}: {error.reason}.") from error
    return Action(name, "change", {"change": made.change.to_json()}, made.did, made.does)


def one_of(text: str) -> tuple[str, UUID]:
    """Return the button and the submission of `done:<id>`; raises `BadAction`."""
    name, _, key = text[:100].partition(":")
    change_named(name)
    try:
        return name, UUID(key)
    except ValueError:
        raise BadAction("There is no such submission.") from None


def opposite(name: str, state: str) -> str:
    """Return the button that takes one back, where the submission was in a state before."""
    return _OPPOSITES.get(name, state)


def submissions(n: int) -> str:
    """Return so many submissions in words."""
    return "1 submission" if n == 1 else f"{n:,} submissions"


def _with_value(name: str, given: Mapping[str, str]) -> _Set:
    label, assignee = given.get("label", "").strip(), given.get("assignee", "").strip()
    if name in ("label", "unlabel"):
        if not label:
            raise BadAction("Type the label first.")
        if name == "label":
            return _Set(Change(add_labels=(label,)), "{n} labelled.", "Put the label on {n}")
        return _Set(Change(remove_labels=(label,)), "{n} without the label.", "Take the label off {n}")
    if name == "assign":
        if not assignee:
            raise BadAction("Type the address of whoever is to take care of it first, or choose one.")
        return _Set(Change(assignee=assignee), "{n} assigned.", "Assign {n}")
    if name == "unassign":
        return _Set(Change(assignee=""), "{n} assigned to nobody.", "Assign {n} to nobody")
    raise BadAction("There is no such button.")


_OPPOSITES = {"star": "unstar", "unstar": "star", "spam": "not-spam", "not-spam": "spam"}
_MEMBERS = {"add_labels": "Label", "remove_labels": "Label", "assignee": "Assign to"}
