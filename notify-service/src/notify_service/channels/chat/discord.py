"""Discord, by a webhook of a channel.

After Discord's documentation: "Webhook resource, Execute Webhook" (without `wait` a message that is not saved is no
error), "Message resource, Embed Limits" (256 characters of a title and of a field's name, 1,024 of its value, 25 fields
an embed, 10 embeds, 6,000 characters in all; nothing of it empty) and "Allowed Mentions", "Rate Limits" (429 with
`retry_after` in seconds, a fraction), "Opcodes and Status Codes", and "Reference, User Agent".
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from notify_service.channels.chat.answers import document_in, number_in
from notify_service.channels.chat.channel import USER_AGENT, body_of, headers
from notify_service.channels.chat.fitting import Limits, cut, fitted, utf16
from notify_service.channels.chat.message import LEFT_OUT, Message
from notify_service.transports.failures import SendFailure
from notify_service.transports.http.answers import failure_of
from notify_service.transports.http.connection import Answer
from notify_service.transports.http.sender import Request
from shared.forms import Room

_MARKS = frozenset(string.punctuation)
_ESCAPES = str.maketrans({mark: f"\\{mark}" for mark in _MARKS})
"""A backslash before any mark of ASCII takes its meaning away, and is not shown: so nothing is bold, quoted, mentioned
or a link."""

_FIELDS, _EMBEDS, _TITLE = 25, 10, 256

_SAID: dict[float | None, str] = {
    10015: "the webhook is not there any more",
    50027: "there is no such webhook",
    50035: "it does not take the message",
    50006: "it does not take the message",
    220001: "its channel is a forum: append ?thread_id= and a thread's number to the address",
}
_OUR_FAULTS = frozenset({50035, 50006})


def cost(character: str) -> int:
    """Return what a character costs of a limit, once it is escaped."""
    return 2 if character in _MARKS else utf16(character)


LIMITS = Limits(total=5500, label=256, value=1024, fields=_FIELDS * _EMBEDS - 1, each=0, cost=cost)


class Discord:
    """Everything a stranger typed is escaped, stands in an embed, where no link is opened, and mentions nobody."""

    name = "discord"
    title = "Discord"

    def shown(self, chat: Room | None) -> str:  # noqa: ARG002 - see `Service`
        """Return the host of every webhook."""
        return "discord.com"

    def address(self, chat: Room, secret: str) -> str:  # noqa: ARG002
        """Return the webhook's address, which waits until the message is saved."""
        parts = urlsplit(secret)
        return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, "wait=true")))))

    def request(self, chat: Room, secret: str, message: Message) -> Request:
        """Return the message in embeds."""
        document = {"allowed_mentions": {"parse": []}, "embeds": list(_embeds(message))}
        return Request(
            self.address(chat, secret),
            body_of(document),
            headers(User_Agent=f"DiscordBot ({USER_AGENT}, 0.1)"),
            read,
        )


def read(answer: Answer, now: datetime) -> SendFailure | None:
    """Return what an answer means: a refusal has a code in its body."""
    document = document_in(answer.body)
    code = number_in(document, "code")
    return failure_of(
        answer.status,
        answer.retry_after,
        now,
        said=_SAID.get(code, ""),
        after_s=number_in(document, "retry_after") if answer.status == 429 else None,
        is_final=True if answer.status == 400 and code in _OUR_FAULTS else None,
    )


def _embeds(message: Message) -> Iterator[dict[str, Any]]:
    fields, is_whole = fitted(message.fields, LIMITS)
    shown = [{"name": _escaped(label), "value": _escaped(value)} for label, value in fields]
    if not is_whole:
        shown.append({"name": LEFT_OUT, "value": message.footer})
    parts = [shown[at : at + _FIELDS] for at in range(0, len(shown), _FIELDS)] or [[]]
    for number, part in enumerate(parts):
        embed: dict[str, Any] = {"fields": part}
        if number == 0:
            embed["title"] = _escaped(cut(message.title, _TITLE, cost))
            if message.link:
                embed["url"] = message.link
        if number == len(parts) - 1:
            embed["footer"] = {"text": message.footer}
        yield embed


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
