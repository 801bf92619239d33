"""ntfy, Gotify and others, by a URL of Apprise: it makes the request, and we send it as every other.

Which schemes there are, `shared.forms.chats.sections.PUSHES` says; why no others, decision 40.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from notify_service.channels.chat.channel import NotReady
from notify_service.channels.chat.fitting import PLAIN_EACH, Limits, cut, fitted, in_plain, plain
from notify_service.channels.chat.message import LEFT_OUT, LINKED, Message
from notify_service.transports.http.sender import Request
from shared.forms import Room

MISSING = "apprise is not installed: pip install 'counterfoil-notify-service[apprise]'"

_BODY, _TITLE = 3500, 200
_AROUND = 150
"""What the reference costs, and what says that there is more."""


class Push(Protocol):
    """What a URL of Apprise leads to."""

    @property
    def title_most(self) -> int:
        """Characters of a title at most; 0 where there is none."""

    @property
    def body_most(self) -> int:
        """Characters of a body at most."""

    def request(self, title: str, body: str) -> Request:
        """Return the one request that a notification is; raises ValueError where it is not just one."""


Pushes = Callable[[str], Push]
"""Finds what a URL leads to; raises ValueError where it leads to nothing that may be used."""


def cost(character: str) -> int:
    """Return what a character costs as JSON in ASCII, as Apprise writes it: ntfy makes a file of what is longer."""
    return 1 if character.isascii() and character.isprintable() else 12 if ord(character) > 0xFFFF else 6


class Apprise:
    """Everything is plain text, whatever a URL asks for. `pushes` is None where Apprise is not installed."""

    name = "apprise"
    title = "Apprise"

    def __init__(self, pushes: Pushes | None) -> None:
        self._pushes = pushes

    def shown(self, chat: Room | None) -> str:  # noqa: ARG002 - see `Service`
        """Return what stands for any of its services."""
        return "Apprise"

    def address(self, chat: Room, secret: str) -> str:  # noqa: ARG002
        """Return what is called."""
        return self._request(secret, "-", "-").url

    def request(self, chat: Room, secret: str, message: Message) -> Request:  # noqa: ARG002
        """Return the message as a title and plain text."""
        push = self._push(secret)
        title = cut(message.title, min(_TITLE, push.title_most), len) if push.title_most > 0 else ""
        head = "" if title else cut(message.title, _TITLE, len) + "\n"
        tail = f"\n{LINKED}: {message.link}" if message.link else ""
        return self._request(secret, title, head + _text(message, push.body_most - len(head) - len(tail)) + tail)

    def _request(self, secret: str, title: str, body: str) -> Request:
        try:
            return self._push(secret).request(title, body)
        except ValueError as error:
            raise NotReady(str(error)) from None

    def _push(self, secret: str) -> Push:
        if self._pushes is None:
            raise NotReady(MISSING)
        try:
            return self._pushes(secret)
        except ValueError as error:
            raise NotReady(str(error)) from None


def _text(message: Message, most: int) -> str:
    total = max(0, min(_BODY, most) - _AROUND)
    limits = Limits(total=total, label=100, value=1500, fields=1000, each=PLAIN_EACH + 10, cost=in_plain(cost))
    fields, is_whole = fitted(message.fields, limits)
    return "\n".join(filter(None, (plain(fields), "" if is_whole else LEFT_OUT, message.footer)))
