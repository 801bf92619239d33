"""Telegram, by a bot.

After Telegram's documentation, "Bot API" (core.telegram.org/bots/api): `sendMessage` (4,096 characters, counted as
UTF-16), "Formatting options" (what stands in a `pre` entity has no other: no mention, no link, no command),
`LinkPreviewOptions`, "Making requests" (`ok`, `error_code`, `description`), `ResponseParameters` (`retry_after`,
`migrate_to_chat_id`), and "Using a Local Bot API Server"; "Bots FAQ" for the rates, of which 429 tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from notify_service.channels.chat.answers import document_in, number_in
from notify_service.channels.chat.channel import body_of, headers
from notify_service.channels.chat.fitting import PLAIN_EACH, Limits, cost_of, cut, fitted, in_plain, plain, utf16
from notify_service.channels.chat.message import LEFT_OUT, LINKED, Message
from notify_service.transports.failures import SendFailure
from notify_service.transports.http.answers import failure_of
from notify_service.transports.http.connection import Answer
from notify_service.transports.http.sender import Request
from shared.forms import TelegramChat
from shared.forms.chats import TELEGRAM_URL

TEXT_MOST = 4096
_TITLE = 256
_AROUND = 400 + _TITLE
"""What stands around the fields at most: the title, the reference, what says that there is more."""

LIMITS = Limits(TEXT_MOST - _AROUND, label=150, value=1500, fields=1000, each=PLAIN_EACH, cost=in_plain(utf16))

_SAID = (
    (400, "chat not found", "there is no such chat, or the bot is not in it"),
    (400, "upgraded to a supergroup", "the group is a supergroup by now: set chat to its new number"),
    (400, "rights", "the bot may not write in this chat"),
    (401, "", "there is no such bot"),
    (403, "", "the bot was blocked, or is not in this chat any more"),
    (404, "", "there is no such bot"),
    (400, "message is too long", "it does not take so long a message"),
    (400, "message text is empty", "it does not take the message"),
    (400, "entit", "it does not take the message"),
)
"""What an answer means by its code and the words in it; the first that fits counts."""

_OUR_FAULTS = {said for _, _, said in _SAID[-3:]}


class Telegram:
    """What a stranger typed stands in one block of fixed text, in which nothing is interpreted."""

    name = "telegram"
    title = "Telegram"

    def shown(self, chat: TelegramChat | None) -> str:
        """Return the host of the Bot API."""
        host = re.sub(r"^https?://", "", chat.url if chat else TELEGRAM_URL)
        return host.split("/")[0]

    def address(self, chat: TelegramChat, secret: str) -> str:
        """Return the bot's own address, for all its chats alike."""
        return f"{chat.url.rstrip('/')}/bot{secret}/sendMessage"

    def request(self, chat: TelegramChat, secret: str, message: Message) -> Request:
        """Return the message as text, with entities for its parts instead of any markup."""
        text, entities = _said(message)
        document = {
            "chat_id": chat.chat,
            "text": text,
            "entities": entities,
            "link_preview_options": {"is_disabled": True},
        }
        return Request(self.address(chat, secret), body_of(document), headers(), read)


def read(answer: Answer, now: datetime) -> SendFailure | None:
    """Return what an answer means; `ok` in its body says so where there is a body."""
    document = document_in(answer.body)
    if 200 <= answer.status < 300 and document.get("ok", True) is not False:
        return None
    code = int(number_in(document, "error_code") or 0) or answer.status
    status = code if not 200 <= code < 300 else 500  # it says itself that it was not done
    asked = document.get("parameters")
    parameters: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
    said = _words(status, str(document.get("description"))[:1000])
    new = parameters.get("migrate_to_chat_id")
    if isinstance(new, int) and not isinstance(new, bool) and abs(new) < 10**20:
        said = f"the group is a supergroup by now: set chat to {new}"
    return failure_of(
        status,
        answer.retry_after,
        now,
        said=said,
        after_s=number_in(parameters, "retry_after"),
        is_final=True if said in _OUR_FAULTS else None,
    )


def _words(status: int, description: str) -> str:
    return next((said for code, words, said in _SAID if code == status and words in description), "")


def _said(message: Message) -> tuple[str, list[dict[str, Any]]]:
    title = cut(message.title, _TITLE, utf16)
    entities = [{"type": "bold", "offset": 0, "length": cost_of(title, utf16)}]
    link = f"{LINKED}: {message.link}" if message.link else ""
    fields, is_whole = fitted(message.fields, replace(LIMITS, total=LIMITS.total - cost_of(link, utf16)))
    text = title + "\n"
    if block := plain(fields):
        entities.append({"type": "pre", "offset": cost_of(text, utf16), "length": cost_of(block, utf16)})
        text += block + "\n"
    return text + "\n".join(filter(None, ("" if is_whole else LEFT_OUT, message.footer, link))), entities
