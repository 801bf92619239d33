"""Plans: an event and its form become the deliveries that they ask for. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Set
from dataclasses import replace

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Key, Planned
from notify_service.channels.registry import ON_RECEIPTS
from notify_service.channels.routing import routed
from notify_service.deliveries.states import OPT_IN
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.mailboxes import normalised


def plan(event: SubmissionAccepted, form: Form | None, channels: Mapping[str, Channel]) -> list[Planned]:
    """Return the deliveries that an event asks for, by the routes of its form; nobody is told of spam.

    `form` is None where nobody knows it any more: what a form switches on is unknown then, and what a receipt tells of
    fails visibly. Of one that waits for its address to be confirmed all is held but the mail that asks for this.
    """
    if event.spam is not None:
        return []
    asked = channels.values() if form is not None else [channels[ON_RECEIPTS]]
    told = routed(form, event) if form is not None else None
    planned = (one for channel in asked for one in channel.plan(event, told))
    return waiting(event, (one for one in planned if not one.on_release))


def waiting(event: SubmissionAccepted, planned: Iterable[Planned]) -> list[Planned]:
    """Return what is planned, held where its submission waits for its address to be confirmed."""
    if not event.opt_in:
        return list(planned)
    return [one if one.key.channel == ON_RECEIPTS else replace(one, held_for=OPT_IN) for one in planned]


def plan_release(
    event: SubmissionAccepted, form: Form | None, channels: Mapping[str, Channel], sent: Set[Key]
) -> list[Planned]:
    """Return what the release of a submission asks for beside all that `plan` says; `sent` is what was sent of it."""
    if event.spam is not None or event.opt_in or form is None:
        return []
    told = routed(form, event)
    asked = [planned for channel in channels.values() for planned in channel.plan(event, told) if planned.on_release]
    return [planned for planned in asked if planned.after is None or planned.after in sent]


def may_plan(event: SubmissionAccepted, channels: Mapping[str, Channel]) -> list[Planned]:
    """Return the deliveries that an event may have asked for once, whatever its form says now."""
    return [planned for channel in channels.values() for planned in channel.plan(event, None)]


def fingerprint(event: SubmissionAccepted) -> str:
    """Return what tells an event from another one under the same id: SHA-256 of its fields and the address to confirm
    to, which no field need hold."""
    address = normalised(event.reply_address or "")
    return hashlib.sha256(f"{event.fingerprint}\n{address}".encode("utf-8", "surrogatepass")).hexdigest()
