"""Plans: an event and its form become the deliveries that they ask for. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Planned
from shared.contracts import SubmissionAccepted
from shared.forms import Form

PROMISED = "confirmation"
"""The channel of which a receipt tells: it fails visibly even where nobody knows the form."""


def plan(event: SubmissionAccepted, form: Form | None, channels: Mapping[str, Channel]) -> list[Planned]:
    """Return the deliveries that an event asks for; nobody is told of spam.

    `form` is None where nobody knows it any more: what a form switches on is unknown then.
    """
    if event.spam is not None:
        return []
    asked = channels.values() if form is not None else [channels[PROMISED]]
    return [planned for channel in asked for planned in channel.plan(event, form)]
