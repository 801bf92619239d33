"""Tells a form's owner in a chat that mail to them does not arrive, where the form has a chat."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from notify_service.channels.chat.channel import ChatChannel
from notify_service.channels.chat.message import Message
from notify_service.channels.fields_shown import FieldShown
from notify_service.transports.failures import SendFailure
from notify_service.transports.transport import Transport
from shared.forms import Form, Forms
from shared.messaging.failures import RetryLater
from shared.text import as_line

TOLD_AFTER = timedelta(hours=1)

TIMEOUT_S = 3.0
AT_ONCE = 5
"""How long one try may take, and how many forms have one in a turn: the lease does not last for long."""

_HINT = "Submissions are stored. Why mail does not arrive: python -m notify_service deliveries --failed --form {form}"


@dataclass(slots=True)
class TellOwners:
    """Looks once a minute, and says it once, until mail to the owner arrives again.

    It is no delivery: no submission asks for it. What it knows lasts as long as its process: after another has taken
    over, an owner is told again, an hour later. `transport` is its own, so that it keeps no delivery waiting.
    """

    failing: Callable[[datetime], Collection[str]]
    forms: Forms
    rooms: Mapping[str, ChatChannel]
    transport: Transport
    _since: dict[str, datetime] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def __call__(self, now: datetime) -> None:
        """Tell the owners whose mail has failed for `TOLD_AFTER`; raises `DependencyUnavailable`."""
        failing = {name: form for name in self.failing(now) if (form := self.forms.get(name)) is not None}
        self._since = {name: self._since.get(name, now) for name in failing}
        self._told &= failing.keys()
        due = [name for name in failing.keys() - self._told if now - self._since[name] >= TOLD_AFTER]
        for name in sorted(due, key=lambda one: (self._since[one], one))[:AT_ONCE]:
            if self._is_told(name, failing[name]):
                self._told.add(name)
            else:
                self._since[name] = now - TOLD_AFTER  # the others have their turn first

    def _is_told(self, name: str, form: Form) -> bool:
        """Say it in the first room that takes it; False where there is none, or none does now."""
        title = f"Mail to you does not arrive: {as_line(form.title)}"
        message = Message(title, [FieldShown("What to do", [_HINT.format(form=name)])], name)
        return any(self._is_said(room, form, message) for room in self.rooms.values() if room.endpoints(form))

    def _is_said(self, room: ChatChannel, form: Form, message: Message) -> bool:
        log = structlog.get_logger().bind(form=message.reference[:64], channel=room.name)
        try:
            with self.transport.turn(next(iter(room.endpoints(form)), None)) as hindrance:
                if hindrance is None:
                    self.transport.send(room.saying(form, message), timeout_s=TIMEOUT_S)
        except (SendFailure, RetryLater) as error:
            log.info("owner not told", because=str(error))
            return False
        if hindrance is None:
            log.warning("owner told that their mail fails")
        return hindrance is None
