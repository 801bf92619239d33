"""Asks the services for what they have of a person, a page at a time, and not for longer than somebody waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from shared.contracts import SubmissionAccepted
from storage_service.subjects.person import Person
from storage_service.subjects.suppressed import SuppressedAddress

SECONDS_MOST = 3.0
"""How long one place is looked into: somebody waits for all of them."""


@dataclass(frozen=True, slots=True)
class ParkedCopy:
    """A parked message that names the person; `submission` is the one that it is, where it is one."""

    id: str
    type: str
    queue: str
    parked_at: str
    submission: UUID | None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what a service has, and what takes the next part; None at the end."""

    found: Sequence[Mapping[str, Any]]
    next: Any = None


class Elsewhere(Protocol):
    """What the services are asked; all return None where one does not answer."""

    services: Sequence[str]
    """Those that keep parked messages."""

    def mailed(self, recipient: str, after: Any) -> Page | None:
        """Return the submissions that were confirmed to a recipient, by what stands for them where mails are counted:
        each as a `submission`."""

    def mails(self, submission: UUID) -> Sequence[Mapping[str, Any]] | None:
        """Return the confirmations of a submission, as they are shown."""

    def suppressed(self, mailboxes: Sequence[str]) -> Sequence[SuppressedAddress] | None:
        """Return which of these mailboxes are sent no mail, and why."""

    def parked(self, service: str, mailboxes: Sequence[str], after: Any) -> Page | None:
        """Return parked messages that name one of these mailboxes."""

    def parked_content(self, service: str, parked_id: str) -> Mapping[str, Any] | None:
        """Return a parked message with its content, as `shared.parked` shows it; None where it is gone, too."""

    def forget_parked(self, service: str, ids: Sequence[str], actor: str) -> int | None:
        """Remove parked messages for ever, and return how many."""


Ask: TypeAlias = Callable[[Any], Page | None]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a place has; `is_all` says that all of it was looked into. None of it where nobody answered."""

    found: Sequence[Mapping[str, Any]] | None
    is_all: bool = True


def gathered(ask: Ask, *, seconds: float = SECONDS_MOST, clock: Callable[[], float] = time.monotonic) -> Gathered:
    """Ask for page after page, as long as that takes no longer."""
    until_s, found, after = clock() + seconds, list[Mapping[str, Any]](), None
    while True:
        page = ask(after)
        if page is None:
            return Gathered(None)
        found += page.found
        if page.next is None:
            return Gathered(found)
        if clock() > until_s:
            return Gathered(found, is_all=False)
        after = page.next


def mailed_to(
    elsewhere: Elsewhere, person: Person, clock: Callable[[], float] = time.monotonic
) -> tuple[set[UUID] | None, bool]:
    """Return the submissions that were confirmed to a person, None where nobody answered; and whether these are all."""
    found, is_all, until_s = set[UUID](), True, clock() + SECONDS_MOST
    for recipient in person.recipients:
        got = gathered(partial(elsewhere.mailed, recipient), seconds=until_s - clock(), clock=clock)
        if got.found is None:
            return None, True
        found |= {UUID(one["submission"]) for one in got.found}
        is_all = is_all and got.is_all
    return found, is_all


def parked_naming(elsewhere: Elsewhere, service: str, person: Person) -> tuple[list[ParkedCopy] | None, bool]:
    """Return the parked messages of a service that name a person, and whether all were looked into."""
    got = gathered(lambda after: elsewhere.parked(service, person.mailboxes, after))
    return None if got.found is None else list(map(_copy, got.found)), got.is_all


def _copy(told: Mapping[str, Any]) -> ParkedCopy:
    return ParkedCopy(told["id"], told["type"], told["queue"], told["parked_at"], _submission(told))


def _submission(told: Mapping[str, Any]) -> UUID | None:
    """Return which submission a message is: that of an acceptance has its id."""
    try:
        return UUID(told["message_id"]) if told["type"] in SubmissionAccepted.TYPES else None
    except ValueError:
        return None
