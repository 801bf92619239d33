"""The interface of a channel: whom it tells of an event, and in which words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from notify_service.channels.planned import Planned
from shared.contracts import SubmissionAccepted
from shared.forms import Form

TransportName: TypeAlias = Literal["smtp", "http"]


class Channel(Protocol):
    """One kind of delivery. It sends nothing itself: it composes what its transport sends."""

    name: str
    """Its name in the table and in logs."""

    off: str
    """Why a delivery that was begun is not made any more: its form has switched the channel off."""

    def plan(self, event: SubmissionAccepted, form: Form | None) -> Sequence[Planned]:
        """Return the deliveries that an event asks for; without a form, those that it may ask for."""

    def endpoint(self, planned: Planned, form: Form) -> str | None:
        """Return which of its transport's destinations has to give a delivery its turn; None where none has to."""

    def endpoints(self, form: Form) -> Collection[str]:
        """Return all those that a form has by now; none where all go to one server."""

    def compose(self, event: SubmissionAccepted, form: Form, planned: Planned) -> Any:
        """Return what the transport is to send; raises `Permanent` where it can never be made, `Transient` where it
        cannot be made now."""
