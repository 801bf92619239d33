"""Puts what happened to a submission into one order, the oldest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from storage_service.accounts.audit import Reading
from storage_service.console.known import Known
from storage_service.console.pages.submission.attached import FileShown
from storage_service.console.pages.submission.delivery import Delivery, moment
from storage_service.console.pages.submission.values import FieldShown, fields_shown, sealed_shown
from storage_service.console.pages.submission.words import Piece, step_words
from storage_service.deliveries.naming import channel_words
from storage_service.opt_in.proof import VISITOR
from storage_service.work import Note, Step

Kind: TypeAlias = Literal["accepted", "stored", "delivery", "again", "opened", "note", "step"]

_AT_ONCE = timedelta(seconds=10)
"""What somebody asks to send again by one press is noted for each delivery."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened. `pieces` say what, behind the name in `by`, where somebody did it.

    `fields` and `files` are those that came later under the same id. Of what was opened, `until` is the last time of
    `times`.
    """

    at: datetime
    kind: Kind
    by: str | None = None
    pieces: Sequence[Piece] = ()
    note: Note | None = None
    delivery: Delivery | None = None
    fields: Sequence[FieldShown] = ()
    files: Sequence[FileShown] = ()
    until: datetime | None = None
    times: int = 1
    is_of_many: bool = False


def timeline(
    found: Known,
    deliveries: Sequence[Delivery],
    readings: Iterable[Reading],
    files_of: Callable[[str], Sequence[FileShown]] = lambda _: (),
) -> list[Entry]:
    """Return all that happened, in order; what happened at the same moment as it is named here.

    A delivery stands at the moment that it is shown with: where it became what it is, not where it was made.
    `files_of` says which came with a conflict, by its fingerprint. Nothing is before its acceptance, whatever the clock
    of another machine says.
    """
    record = found.record
    entries = [
        Entry(record.stored_at, "stored"),
        *(Entry(one.changed_at or one.at or record.stored_at, "delivery", delivery=one) for one in deliveries),
        *_conflicts(found, files_of),
        *(Entry(one.first, "opened", one.by, until=one.last, times=one.times) for one in readings),
        *(Entry(one.at, "note", one.by, note=one) for one in found.notes),
        *steps_shown(found.trail),
    ]
    return [Entry(record.accepted_at, "accepted"), *sorted(entries, key=lambda one: one.at)]


def steps_shown(steps: Iterable[Step]) -> Iterator[Entry]:
    """Yield what people did but for notes, which are shown themselves; what was one press is one entry."""
    for step in _pressed(one for one in steps if "note" not in one.changes):
        by = "The visitor" if step.by == VISITOR else step.by
        yield Entry(step.at, "step", by, step_words(step), is_of_many=step.job is not None)


def _conflicts(found: Known, files_of: Callable[[str], Sequence[FileShown]]) -> Iterator[Entry]:
    for one in found.conflicts:
        at = moment(one["received_at"]) or found.record.stored_at
        fields = [*fields_shown(one["fields"], found.form), *sealed_shown(one["sealed"], found.form)]
        yield Entry(at, "again", fields=fields, files=files_of(one["fingerprint"]))


def _pressed(steps: Iterable[Step]) -> Iterator[Step]:
    last: Step | None = None
    for step in steps:
        if last is not None and _is_same_press(last, step):
            names = {channel_words(one) for one in (*last.changes["resend"].split(", "), step.changes["resend"])}
            last = replace(last, changes={"resend": ", ".join(sorted(names))})
            continue
        if last is not None:
            yield last
        last = step
    if last is not None:
        yield last


def _is_same_press(before: Step, step: Step) -> bool:
    is_again = "resend" in before.changes and "resend" in step.changes
    return is_again and before.by == step.by and step.at - before.at < _AT_ONCE
