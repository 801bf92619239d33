"""Says what each form of the page asks for, and in which words it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from storage_service.console.pages.frame.notices import Undo
from storage_service.console.pages.submission.meeting import Subject
from storage_service.console.pages.submission.place import Place
from storage_service.console.pages.submission.posted import Posted
from storage_service.records import Record
from storage_service.work import Change
from storage_service.work.change import STATES, State

_STATES: Mapping[str, str] = {"new": "as new", "open": "as open", "done": "as done"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to do: `words` stand behind "You wanted to". `action` and `fields` are what the form sent."""

    action: str
    words: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that a form asks for. `told` is told when it is made; nothing where the page shows it well enough.

    `back` are the fields of the form that takes it back.
    """

    subject: Subject
    change: Change
    wish: Wish
    told: str = ""
    back: Mapping[str, str] = field(default_factory=dict)

    def undo(self, place: Place, version: int) -> Undo:
        """Return the button that takes it back, unless somebody changes it after this version."""
        return Undo(place.post("change"), {**self.back, "version": str(version)})


def typed(posted: Posted) -> Wish:
    """Return what was typed into the form of a change that cannot be made; raises `Refused`."""
    names = ("state", "starred", "assignee", "remove_label", "add_label")
    return Wish("change", "change it", {name: posted.value(name) for name in names if name in posted})


def change_of(posted: Posted, before: Record) -> Asked:
    """Return the change that a form asks for: of one thing, the first of those that it names.

    Raises `Refused`, and `BadValue` for a label or an address that is none.
    """
    if "state" in posted:
        return _state(cast("State", posted.one_of("state", STATES)), before)
    if "starred" in posted:
        starred = posted.one_of("starred", ("true", "false"))
        wish = Wish("change", "star it" if starred == "true" else "take its star off", {"starred": starred})
        return Asked("starred", Change(starred=starred == "true"), wish)
    if "assignee" in posted:
        return _assignee(posted.value("assignee"), before)
    if "remove_label" in posted:
        label = posted.value("remove_label")
        wish = Wish("change", "take a label off", {"remove_label": label})
        return Asked("labels", Change(remove_labels=(label,)), wish, "The label was taken off.", {"add_label": label})
    label = posted.value("add_label")
    return Asked("labels", Change(add_labels=(label,)), Wish("change", "put a label on", {"add_label": label}))


def _state(state: State, before: Record) -> Asked:
    wish = Wish("change", f"mark it {_STATES[state]}", {"state": state})
    return Asked("state", Change(state=state), wish, f"Marked {_STATES[state]}.", {"state": before.state})


def _assignee(assignee: str, before: Record) -> Asked:
    whom = assignee or "nobody"
    wish = Wish("change", f"give it to {whom}", {"assignee": assignee})
    back = {"assignee": before.assignee or ""}
    return Asked("assignee", Change(assignee=assignee), wish, f"Given to {whom}.", back)
