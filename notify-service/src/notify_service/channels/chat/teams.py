"""Microsoft Teams, by a workflow that posts the adaptive cards it is sent; the webhooks of connectors are retired.

After Microsoft's documentation: "Create incoming webhooks with Workflows" and "Create an Incoming Webhook" (the
document around a card, 28 kB, four requests a second, 429), "Connectors, Microsoft Teams" (about 28 kB a message, all
of it counted), and "Adaptive Cards, TextRun" ("Markdown is not supported", unlike in a TextBlock). A workflow answers
202 as soon as it has begun: what it cannot post then, nobody tells us, so the card is well within the limit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from notify_service.channels.chat.channel import body_of, headers
from notify_service.channels.chat.fitting import Limits, cut, fitted
from notify_service.channels.chat.message import LEFT_OUT, LINKED, Message
from notify_service.channels.fields_shown import FieldShown
from notify_service.transports.failures import SendFailure
from notify_service.transports.http.answers import failure_of
from notify_service.transports.http.connection import Answer
from notify_service.transports.http.sender import Request
from shared.forms import Room

CARD_BYTES = 28 * 1024

_LINE_BYTES = 180
"""What the JSON around one line weighs at most, at two bytes a character."""

_FORMULAS = ("{{DATE(", "{{TIME(")
"""What a program that shows a card may take for a date of its own to write."""

_SAID = {
    400: "the workflow does not take the message: it has to begin with “When a Teams webhook request is received”",
    401: "the address is not valid any more: copy it from the workflow again",
    403: "the address is not valid any more: copy it from the workflow again",
    404: "the workflow is not there any more",
    413: "it does not take so long a message",
}


def cost(character: str) -> int:
    """Return what a character weighs in JSON, in UTF-8 or in UTF-16, whatever is more; a line has its own block."""
    if character == "\n":
        return _LINE_BYTES
    if "\x1f" < character < "\x7f":
        return 4 if character in '"\\' else 2
    written = json.dumps(character, ensure_ascii=False)[1:-1]
    return max(len(written.encode()), len(written.encode("utf-16-le")))


LIMITS = Limits(total=24_000, label=500, value=6000, fields=100, each=2 * _LINE_BYTES, cost=cost)
_TITLE = 1000


class Teams:
    """Everything a stranger typed is a run of text, which has no Markdown; a mention would need a list of its own."""

    name = "teams"
    title = "Teams"

    def shown(self, chat: Room | None) -> str:  # noqa: ARG002 - see `Service`
        """Return what stands for any workflow: their hosts are many."""
        return "Microsoft Teams"

    def address(self, chat: Room, secret: str) -> str:  # noqa: ARG002
        """Return the workflow's address."""
        return secret

    def request(self, chat: Room, secret: str, message: Message) -> Request:
        """Return the message as a card."""
        card: dict[str, Any] = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": list(_blocks(message)),
        }
        if message.link:
            card["actions"] = [{"type": "Action.OpenUrl", "title": LINKED, "url": message.link}]
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        document = {"type": "message", "attachments": [attachment]}
        return Request(self.address(chat, secret), body_of(document), headers(), read)


def read(answer: Answer, now: datetime) -> SendFailure | None:
    """Return what an answer means."""
    is_final = True if answer.status == 413 else None
    return failure_of(answer.status, answer.retry_after, now, said=_SAID.get(answer.status, ""), is_final=is_final)


def _blocks(message: Message) -> Iterator[dict[str, Any]]:
    yield _block(cut(_without_formulas(message.title), _TITLE, cost), size="Large", weight="Bolder")
    defused = [
        FieldShown(_without_formulas(label), [*map(_without_formulas, lines)]) for label, lines, *_ in message.fields
    ]
    fields, is_whole = fitted(defused, LIMITS)
    for label, value in fields:
        yield _block(label, weight="Bolder")
        for line in value.split("\n"):
            yield {**_block(line), "spacing": "None"}
    if not is_whole:
        yield _block(LEFT_OUT)
    yield _block(message.footer, isSubtle=True)


def _without_formulas(text: str) -> str:
    for formula in _FORMULAS:
        text = text.replace(formula, f"{{ {formula[1:]}")
    return text


def _block(text: str, **style: Any) -> dict[str, Any]:
    run = {"type": "TextRun", "text": text or " ", **style}
    return {"type": "RichTextBlock", "inlines": [run]}
