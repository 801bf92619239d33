"""Slack, by an incoming webhook.

After Slack's documentation: "Sending messages using incoming webhooks" (docs.slack.dev/messaging/
sending-messages-using-incoming-webhooks: the answers), "Formatting message text" (docs.slack.dev/messaging/
formatting-message-text: `&`, `<` and `>` are the only characters to escape, and with them all mentions and links),
"Blocks" and "Text object" (docs.slack.dev/reference/block-kit: 50 blocks, 150 characters of a header, 3,000 of a text),
and "Rate limits" (docs.slack.dev/apis/web-api/rate-limits: one message a second, 429 with `Retry-After`). All blocks
together may have about 13,000 characters, which only its answer says (`msg_blocks_too_long`; slackapi/bolt-js#2509).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from notify_service.channels.chat.channel import body_of, headers
from notify_service.channels.chat.fitting import PLAIN_EACH, Limits, cost_of, cut, fitted, in_plain, plain, utf16
from notify_service.channels.chat.message import LEFT_OUT, LINKED, Message
from notify_service.transports.failures import SendFailure
from notify_service.transports.http.answers import failure_of
from notify_service.transports.http.connection import Answer
from notify_service.transports.http.sender import Request
from shared.forms import Room

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ESCAPES = str.maketrans(_ESCAPED)

_HEADER, _SECTION = 150, 3000

_SAID = {
    "no_service": "the webhook is switched off or removed",
    "no_service_id": "there is no such webhook",
    "no_team": "there is no such workspace",
    "team_disabled": "the workspace is switched off",
    "invalid_token": "there is no such webhook",
    "channel_not_found": "the channel is not there any more",
    "channel_is_archived": "the channel is archived",
    "action_prohibited": "an administrator has forbidden it",
    "posting_to_general_channel_denied": "only administrators may post in this channel",
    "user_not_found": "whom the webhook writes to is not there any more",
    "invalid_payload": "it does not take the message",
    "invalid_blocks": "it does not take the message",
    "no_text": "it does not take the message",
    "msg_blocks_too_long": "it does not take so long a message",
}
_OUR_FAULTS = frozenset({"invalid_payload", "invalid_blocks", "no_text", "msg_blocks_too_long"})
"""A message that is refused once is refused always: another try is of no use."""


def cost(character: str) -> int:
    """Return what a character costs of a limit, once it is escaped."""
    return len(_ESCAPED[character]) if character in _ESCAPED else utf16(character)


LIMITS = Limits(total=10_000, label=150, value=2000, fields=1000, each=PLAIN_EACH, cost=in_plain(cost))


class Slack:
    """Everything a stranger typed is plain text: no mention, no link, no emoji by its name."""

    name = "slack"
    title = "Slack"

    def shown(self, chat: Room | None) -> str:  # noqa: ARG002 - see `Service`
        """Return the host of every incoming webhook."""
        return "hooks.slack.com"

    def address(self, chat: Room, secret: str) -> str:  # noqa: ARG002
        """Return the webhook's address."""
        return secret

    def request(self, chat: Room, secret: str, message: Message) -> Request:
        """Return the message in blocks; `text` is what a notification shows."""
        title = cut(message.title, _HEADER, cost)
        document = {
            "text": _escaped(f"{title}\n{message.footer}"),
            "blocks": list(_blocks(title, message)),
            "mrkdwn": False,
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        return Request(self.address(chat, secret), body_of(document), headers(), read)


def read(answer: Answer, now: datetime) -> SendFailure | None:
    """Return what an answer means: its body is one word."""
    word = answer.body[:100].decode("ascii", "replace").strip()
    is_final = True if answer.status == 400 and word in _OUR_FAULTS else None
    return failure_of(answer.status, answer.retry_after, now, said=_SAID.get(word, ""), is_final=is_final)


def _blocks(title: str, message: Message) -> Iterator[dict[str, Any]]:
    yield {"type": "header", "text": _plain(title)}
    fields, is_whole = fitted(message.fields, LIMITS)
    for text in _packed([plain([field]) for field in fields]):
        yield {"type": "section", "text": _plain(text)}
    if not is_whole:
        yield {"type": "context", "elements": [_plain(LEFT_OUT)]}
    if message.link:
        yield {"type": "section", "text": {"type": "mrkdwn", "text": f"<{_escaped(message.link)}|{LINKED}>"}}
    yield {"type": "context", "elements": [_plain(message.footer)]}


def _packed(texts: Sequence[str]) -> Iterator[str]:
    """Yield as many texts together as a section takes; one alone fits into any."""
    packed = ""
    for text in texts:
        both = f"{packed}\n{text}" if packed else text
        if packed and cost_of(both, cost) > _SECTION:
            yield packed
            both = text
        packed = both
    if packed:
        yield packed


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": _escaped(text), "emoji": False}


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
