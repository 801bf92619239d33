"""What may be changed of a submission, and what comes of it; without a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, cast, get_args

from shared.contracts.spam import BY_HAND, is_verdict
from storage_service.records.folding import folded_label
from storage_service.work.values import LABELS_MOST, BadValue, assignee_of, in_order, labels_of

State: TypeAlias = Literal["new", "open", "done"]
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be changed of a submission, or of many; None, and no labels, leave a thing as it is.

    `labels` are all that it is to have; `add_labels` and `remove_labels` leave the others alone. `assignee` is a mail
    address, or "" for nobody. `spam` marks as spam, or as no spam: a person's word, which takes the place of a verdict.
    `spam_because` is why it is spam where it is not that: what it was before comes back. Values are cleaned; raises
    `BadValue`.
    """

    state: State | None = None
    starred: bool | None = None
    labels: tuple[str, ...] | None = None
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()
    assignee: str | None = None
    spam: bool | None = None
    spam_because: str | None = None

    def __post_init__(self) -> None:
        if self.state is not None and self.state not in STATES:
            raise BadValue("state", f"expected one of {', '.join(STATES)}")
        if self.labels is not None and (self.add_labels or self.remove_labels):
            raise BadValue("labels", "expected labels, or add_labels and remove_labels, and not both")
        cleaned: dict[str, Any] = {
            name: labels_of(name, getattr(self, name))
            for name in ("labels", "add_labels", "remove_labels")
            if getattr(self, name) is not None
        }
        if self.assignee is not None:
            cleaned["assignee"] = assignee_of(self.assignee)
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)

    def to_json(self) -> dict[str, Any]:
        """Return what it changes as a JSON object."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        says_nothing = {"add_labels": (), "remove_labels": ()}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in told.items()
            if value != says_nothing.get(name)
        }

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> Change:
        """Read what `to_json` returned; raises `BadValue`."""
        values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in document.items()}
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a submission can be changed, as it stands. `spam` says why it is spam."""

    state: State
    starred: bool
    labels: tuple[str, ...]
    assignee: str | None
    spam: str | None

    def after(self, change: Change) -> Standing:
        """Return how it stands then; raises `BadValue` for too many labels."""
        made = replace(self, labels=self._labels_after(change))
        if change.state is not None:
            made = replace(made, state=change.state)
        if change.starred is not None:
            made = replace(made, starred=change.starred)
        if change.assignee is not None:
            made = replace(made, assignee=change.assignee or None)
        if change.spam is not None:
            made = replace(made, spam=self._spam_after(change) if change.spam else None)
        return made

    def _spam_after(self, change: Change) -> str:
        stays = None if is_verdict(self.spam) else self.spam
        return change.spam_because or stays or BY_HAND

    def back_from(self, later: Standing) -> Change:
        """Return the change that brings back what is otherwise later, and nothing else."""
        before, after = _by_folded(self.labels), _by_folded(later.labels)
        return Change(
            state=None if self.state == later.state else self.state,
            starred=None if self.starred == later.starred else self.starred,
            add_labels=tuple(before[key] for key in before.keys() - after.keys()),
            remove_labels=tuple(after[key] for key in after.keys() - before.keys()),
            assignee=None if self.assignee == later.assignee else self.assignee or "",
            spam=None if self.spam == later.spam else self.spam is not None,
            spam_because=None if self.spam == later.spam else self.spam,
        )

    def _labels_after(self, change: Change) -> tuple[str, ...]:
        if change.labels is not None:
            wanted = _by_folded(change.labels)
            return in_order([*(one for one in self.labels if folded_label(one) in wanted), *change.labels])
        removed = set(_by_folded(change.remove_labels))
        kept = [one for one in self.labels if folded_label(one) not in removed]
        made = in_order([*kept, *change.add_labels])
        if len(made) > LABELS_MOST:
            raise BadValue("add_labels", f"it would have {len(made)} labels, {LABELS_MOST} at most")
        return made


def standing_of(values: Mapping[str, Any]) -> Standing:
    """Return what the columns of a row say."""
    return Standing(
        cast("State", values["state"]),
        values["starred"],
        tuple(values["labels"]),
        values["assignee"],
        values["spam"],
    )


def difference(before: Standing, after: Standing) -> dict[str, Any]:
    """Return what differs, as the trail has it: `{"state": ["new", "open"]}`; of labels those added and removed."""
    told: dict[str, Any] = {
        name: [getattr(before, name), getattr(after, name)]
        for name in ("state", "starred", "assignee", "spam")
        if getattr(before, name) != getattr(after, name)
    }
    had, has = _by_folded(before.labels), _by_folded(after.labels)
    if had.keys() != has.keys():
        told["labels"] = {
            "added": [has[key] for key in sorted(has.keys() - had.keys())],
            "removed": [had[key] for key in sorted(had.keys() - has.keys())],
        }
    return told


def _by_folded(labels: tuple[str, ...]) -> dict[str, str]:
    return {folded_label(one): one for one in labels}
