"""A room in a chat as a channel: whom it tells, by which address, and when it waits for its secret."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from notify_service.channels.chat.message import Message, message_of
from notify_service.channels.planned import Key, Planned
from notify_service.channels.submission_page import page_of
from notify_service.transports.failures import Permanent, Transient
from notify_service.transports.http.sender import Request
from shared.contracts import SubmissionAccepted
from shared.forms import Chat, Form, FormSecrets, NoSecret


class NotReady(Exception):
    """Nothing can be said to the room now; the text says why and what to do, and shows no secret."""


class Service(Protocol):
    """One service of chats: how a message is said there. It sends nothing itself."""

    name: str
    """The form's section, and the channel's name."""

    title: str
    """What people call it."""

    def shown(self, chat: Any) -> str:
        """Return what may be recorded of a room; without a section, what stands for any."""

    def address(self, chat: Any, secret: str) -> str:
        """Return what is called; raises `NotReady`."""

    def request(self, chat: Any, secret: str, message: Message) -> Request:
        """Return what is sent to that address, and who reads the answer; raises `NotReady`."""


class ChatChannel:
    """Tells the owner of a form of each submission in a room; `console_url` is where its page is, if anywhere."""

    def __init__(self, service: Service, secrets: FormSecrets, console_url: str | None = None) -> None:
        self.name = service.name
        self.off = f"the form has no {service.title} any more"
        self._service = service
        self._secrets = secrets
        self._console_url = console_url

    def plan(self, event: SubmissionAccepted, form: Form | None) -> Sequence[Planned]:
        """Return the one delivery to the form's room, where it has one. Its address is not read for that: a room is
        the same whatever its address is by now."""
        chat = self._chat(form) if form else None
        if form is not None and chat is None:
            return []
        key = Key(event.id, self.name, self.name)
        return [Planned(key, event.form, self.name, self._service.shown(chat), f"{event.id}.{self.name}")]

    def endpoint(self, planned: Planned, form: Form) -> str | None:  # noqa: ARG002 - see `channel.Channel`
        """Return the address; None without its secret: nothing is sent then."""
        return next(iter(self.endpoints(form)), None)

    def endpoints(self, form: Form) -> Collection[str]:
        """Return the address that a form has by now, where it has one that can be read."""
        chat = self._chat(form)
        try:
            return [self._service.address(chat, self._secrets.of_chat(self.name, chat))] if chat else []
        except (NoSecret, NotReady):
            return []

    def compose(self, event: SubmissionAccepted, form: Form, planned: Planned) -> Request:  # noqa: ARG002
        """Return the request. Without its secret nothing is tried, and that tells nothing of the service."""
        chat = self._chat(form)
        link = page_of(self._console_url, event.id)
        return self.saying(form, message_of(event, form, chat.include if chat else None, link))

    def saying(self, form: Form, message: Message) -> Request:
        """Return the request that says something else in a form's room; raises as `compose` does."""
        chat = self._chat(form)
        if chat is None:
            raise Permanent(self.off)
        try:
            secret = self._secrets.of_chat(self.name, chat)
            return self._service.request(chat, secret, message)
        except NoSecret as error:
            raise Transient(f"no secret: {error}") from None
        except NotReady as error:
            raise Transient(str(error)) from None

    def _chat(self, form: Form) -> Chat | None:
        chat: Chat | None = getattr(form, self.name)
        return chat


USER_AGENT = "Counterfoil"

_HEADERS = {"Content-Type": "application/json; charset=utf-8", "User-Agent": USER_AGENT}


def headers(**others: str) -> dict[str, str]:
    """Return the headers of a request with a JSON body."""
    return {**_HEADERS, **{name.replace("_", "-"): value for name, value in others.items()}}


def body_of(document: Any) -> bytes:
    """Return a JSON body."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
