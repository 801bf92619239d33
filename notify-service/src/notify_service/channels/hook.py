"""Hooks: programs that asked over the API to be called are told of submissions, by signed requests as webhooks are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from notify_service.channels.planned import Key, Planned
from notify_service.channels.submission_page import page_of
from notify_service.channels.webhook import USER_AGENT, compact, signed
from notify_service.transports.failures import Permanent, SendFailure
from notify_service.transports.http.answers import failure_of
from notify_service.transports.http.connection import Answer
from notify_service.transports.http.sender import Request
from shared.contracts import SubmissionAccepted, fingerprint
from shared.forms import Form
from shared.webhook_bodies import ACCEPTED, ERASED, RELEASED, erased_document, hook_document

GONE = "who asked for it wants no more, and its hook has ended"
"""Why a delivery has failed that was answered 410."""

OFF = "its hook has ended"

_GONE_STATUS = 410
_ERASED_ID = "id"

OF_ERASURE = ":erased"
"""What the destinations of hooks end with that are told of an erasure."""


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that is called for some events of some forms, None for all, until it expires."""

    id: UUID
    version: int
    url: str = field(repr=False)
    secret: str = field(repr=False)
    events: frozenset[str]
    forms: frozenset[str] | None = None
    expires_at: datetime | None = None

    def is_of(self, form: str, now: datetime) -> bool:
        """Say whether it is told of a form's submissions now."""
        return (self.forms is None or form in self.forms) and not self.has_expired(now)

    def has_expired(self, now: datetime) -> bool:
        """Say whether its time is over: storage says so a minute later."""
        return self.expires_at is not None and self.expires_at <= now


class Hooks(Protocol):
    """Knows which hooks there are."""

    def __call__(self) -> Sequence[Hook]:
        """Return those that count, as they stood some seconds ago at most; raises `DependencyUnavailable`."""

    def known(self) -> Sequence[Hook]:
        """Return those that were last known; asks nobody."""

    def gone(self, hook: Hook) -> None:
        """End a hook whose address has answered that it wants no more. Raises nothing: it will answer so again."""


class NoHooks:
    """`Hooks` of whoever asks no database."""

    def __call__(self) -> Sequence[Hook]:
        """Return none."""
        return ()

    def known(self) -> Sequence[Hook]:
        """Return none."""
        return ()

    def gone(self, hook: Hook) -> None:
        """Do nothing."""


class HookChannel:
    """Calls the hooks of each submission's form. `clock` gives the time that is signed, and `console_url` is where the
    submission's page is, if anywhere.

    Routes of the form do not matter to hooks: who asked for one knows nothing of the forms file.
    """

    name = "hook"
    off = OFF

    def __init__(self, hooks: Hooks, clock: Callable[[], datetime], console_url: str | None = None) -> None:
        self._hooks = hooks
        self._clock = clock
        self._console_url = console_url

    def plan(self, event: SubmissionAccepted, form: Form | None) -> Sequence[Planned]:  # noqa: ARG002 - see `channel.Channel`
        """Return one delivery to each hook that asks for accepted submissions of this form, and one on its release to
        each that asks for those; to who asks for both, only where it had the submission before."""
        hooks = self._hooks()
        if not hooks:
            return ()
        now = self._clock()
        return [planned for hook in hooks if hook.is_of(event.form, now) for planned in _planned(event, hook)]

    def endpoint(self, planned: Planned, form: Form) -> str | None:  # noqa: ARG002
        """Return the address: one that does not answer is not asked again at once."""
        return planned.destination

    def endpoints(self, form: Form) -> Collection[str]:
        """Return the addresses that are called for a form by now."""
        now = self._clock()
        return {hook.url for hook in self._hooks.known() if hook.is_of(form.name, now)}

    def compose(self, event: SubmissionAccepted, form: Form, planned: Planned) -> Request:  # noqa: ARG002
        """Return the signed request; raises `Permanent` where the hook has ended, or expired."""
        name, _, what = planned.key.destination_hash.partition(":")
        hook = next((one for one in self._hooks() if str(one.id) == name), None)
        if hook is None or hook.has_expired(self._clock()):
            raise Permanent(self.off)
        body = compact(self._document(event, what))
        ours = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        head = signed([hook.secret], planned.provider_id, body, self._clock())
        return Request(hook.url, body.encode(), ours | head, read=partial(self._read, hook))

    def _document(self, event: SubmissionAccepted, what: str) -> dict[str, object]:
        if what == "erased":
            return erased_document(erased_of(event) or event.id, event.form, event.accepted_at)
        told = RELEASED if what == "released" else ACCEPTED
        return hook_document(event, told, page_of(self._console_url, event.id), self._console_url)

    def _read(self, hook: Hook, answer: Answer, now: datetime) -> SendFailure | None:
        if answer.status != _GONE_STATUS:
            return failure_of(answer.status, answer.retry_after, now)
        self._hooks.gone(hook)
        return failure_of(answer.status, None, now, said=GONE)


def erasure(submission: UUID, form: str, erased_at: datetime) -> SubmissionAccepted:
    """Return what stands for an erased submission in the messages of deliveries that tell of its end.

    It has an id of its own, which follows from the other and which no submission can have: what is known under the
    erased id is forgotten, and nothing is taken under it any more.
    """
    fields = {_ERASED_ID: str(submission)}
    return SubmissionAccepted(_id_of_erasure(submission), form, erased_at, fields, fingerprint(fields))


def erased_of(event: SubmissionAccepted) -> UUID | None:
    """Return the id of the erased submission that an event stands for; None for any other."""
    told = event.fields.get(_ERASED_ID)
    if len(event.fields) != 1 or not isinstance(told, str):
        return None
    try:
        submission = UUID(told)
    except ValueError:
        return None
    return submission if event.id == _id_of_erasure(submission) else None


def destinations_of(hook: UUID) -> list[str]:
    """Return what stands for a hook in the table of deliveries: as it is told of what is accepted, released, erased."""
    return [str(hook), f"{hook}:released", f"{hook}{OF_ERASURE}"]


def _planned(event: SubmissionAccepted, hook: Hook) -> Iterator[Planned]:
    host = urlsplit(hook.url).hostname or ""

    def one(to: str, what: str, *, on_release: bool = False, after: Key | None = None) -> Planned:
        key, name = Key(event.id, HookChannel.name, to), f"{what}_{event.id}_{hook.id}"
        return Planned(key, event.form, hook.url, host, name, on_release=on_release, after=after)

    accepted, released, erased = destinations_of(hook.id)
    if erased_of(event) is not None:
        if ERASED in hook.events:
            yield one(erased, "erased")
        return
    first = Key(event.id, HookChannel.name, accepted) if ACCEPTED in hook.events else None
    if first is not None:
        yield one(accepted, "accepted")
    if RELEASED in hook.events:
        yield one(released, "released", on_release=True, after=first)


def _id_of_erasure(submission: UUID) -> UUID:
    return uuid5(submission, "erased")
