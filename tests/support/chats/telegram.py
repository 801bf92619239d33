"""A stand-in for a server of Telegram's Bot API.

After core.telegram.org/bots/api: "Making requests", `sendMessage`, `MessageEntity`, "Formatting options",
`LinkPreviewOptions`, `ResponseParameters`; and core.telegram.org/bots/faq for what a busy one answers. Names, links,
tags and commands in a text are interpreted by Telegram itself wherever they stand in no `pre` or `code`; what is bold
here is a form's title, which is its owner's own.
"""

from __future__ import annotations

import re
from math import ceil
from typing import Any

from support.chats.stand_in import Asked, Reply, StandIn, utf16_length

TOKEN = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"
CHAT = "-1001234567890"

_INTERPRETED = re.compile(r"@\w{3,}|#\w+|\$[A-Z]{1,8}\b|(?:^|\s)/\w+|\w+://|\w\.\w{2,}", re.MULTILINE)
_METHOD = re.compile(r"/bot([^/]+)/sendMessage")


class TelegramStandIn(StandIn):
    """Has one bot, `TOKEN`, in one chat, `CHAT`. A group in `upgraded` has another number by now."""

    def __init__(self, *, tls: bool = False) -> None:
        super().__init__(tls=tls)
        self.upgraded: dict[str, int] = {}
        self.blocked = False

    def answer(self, asked: Asked) -> Reply:
        """Answer as the Bot API does."""
        found = _METHOD.fullmatch(asked.path)
        if not found:
            return _error(404, "Not Found")
        if found[1] != TOKEN:
            return _error(401, "Unauthorized")
        document: dict[str, Any] = asked.document if isinstance(asked.document, dict) else {}
        chat, text = str(document.get("chat_id")), document.get("text")
        if chat in self.upgraded:
            reason = "Bad Request: group chat was upgraded to a supergroup chat"
            return _error(400, reason, migrate_to_chat_id=self.upgraded[chat])
        if chat != CHAT:
            return _error(400, "Bad Request: chat not found")
        if self.blocked:
            return _error(403, "Forbidden: bot was kicked from the supergroup chat")
        if not isinstance(text, str) or not text.strip():
            return _error(400, "Bad Request: message text is empty")
        if utf16_length(text) > 4096:
            return _error(400, "Bad Request: message is too long")
        if not self._takes(text, document):
            return _error(400, "Bad Request: can't parse entities")
        self.said.append(text)
        return Reply(200, {"ok": True, "result": {"message_id": len(self.said), "text": text}})

    def too_many(self, left_s: float) -> Reply:
        """Answer with the seconds to wait in the body alone."""
        seconds = ceil(left_s)
        return _error(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    def _takes(self, text: str, document: dict[str, Any]) -> bool:
        if unknown := document.keys() - {"chat_id", "text", "entities", "link_preview_options"}:
            self.complain(f"unknown members {unknown}")
        if document.get("link_preview_options") != {"is_disabled": True}:
            self.complain("links are opened")
        units = text.encode("utf-16-le")
        outside, at = b"", 0
        for entity in document.get("entities", []):
            start, end = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
            if not at <= start < end <= len(units) or not _is_whole(units[start:end]):
                return False
            outside += units[at:start] + (b"" if entity["type"] in {"pre", "code", "bold"} else units[start:end])
            at = end
        if found := _INTERPRETED.search((outside + units[at:]).decode("utf-16-le")):
            self.complain(f"{found[0]!r} is interpreted")
        return True


def _is_whole(units: bytes) -> bool:
    try:
        units.decode("utf-16-le")
    except UnicodeDecodeError:
        return False
    return True


def _error(code: int, description: str, **parameters: int) -> Reply:
    told: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return Reply(code, told | ({"parameters": parameters} if parameters else {}))
