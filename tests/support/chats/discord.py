"""A stand-in for Discord's webhooks.

After docs.discord.com: "Webhook resource, Execute Webhook", "Message resource, Embed Limits" and "Allowed Mentions",
"Rate Limits", "Opcodes and Status Codes", "Reference, User Agent" and "Message Formatting".
"""

from __future__ import annotations

import re
from typing import Any

from support.chats.stand_in import Asked, Reply, StandIn, utf16_length

PATH = "/api/webhooks/223704706495545344/3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372"

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKUP = re.compile(r"[*_~|`<>@#\[\]()\\:]|^[-+]|^\d+\.", re.MULTILINE)
_KNOWN = {"allowed_mentions", "embeds"}


class Refusal(Exception):
    """The message is not taken; the text is the place that is wrong."""


class DiscordStandIn(StandIn):
    """Has one webhook, at `url`."""

    @property
    def url(self) -> str:
        """The webhook's address."""
        return self.base() + PATH

    def answer(self, asked: Asked) -> Reply:
        """Answer as Discord does: the message where it is waited for, and a code with each error."""
        if not asked.headers.get("user-agent", "").startswith("DiscordBot ("):
            return Reply(403, "error code: 1010")
        if asked.path != PATH:
            is_of_it = asked.path.startswith("/api/webhooks/223704706495545344/")
            wrong = (401, 50027, "Invalid Webhook Token") if is_of_it else (404, 10015, "Unknown Webhook")
            return Reply(wrong[0], {"message": wrong[2], "code": wrong[1]})
        if asked.query.get("wait") != ["true"]:
            self.complain("without wait an error is not told")
        try:
            self.said.append(self._seen(asked.document))
        except Refusal as error:
            return Reply(400, {"message": "Invalid Form Body", "code": 50035, "errors": {str(error): {}}})
        return Reply(200, {"id": "1", "type": 0, "embeds": asked.document["embeds"]})

    def too_many(self, left_s: float) -> Reply:
        """Answer with a time in fractions of a second."""
        told = {"message": "You are being rate limited.", "retry_after": round(left_s, 3), "global": False}
        return Reply(429, told, {"Retry-After": str(int(left_s) + 1), "X-RateLimit-Scope": "user"})

    def _seen(self, document: Any) -> str:
        if not isinstance(document, dict) or not document.get("embeds"):
            raise Refusal("embeds")
        if document.get("allowed_mentions") != {"parse": []}:
            self.complain("mentions are not forbidden")
        if unknown := document.keys() - _KNOWN:
            self.complain(f"unknown members {unknown}")
        embeds = document["embeds"]
        if len(embeds) > 10:
            raise Refusal("embeds")
        texts = [text for embed in embeds for text in self._of_embed(embed)]
        if sum(map(utf16_length, texts)) > 6000:
            raise Refusal("embeds.length")
        return "\n".join(_ESCAPED.sub(r"\1", text) for text in texts)

    def _of_embed(self, embed: dict[str, Any]) -> list[str]:
        fields = embed.get("fields", [])
        if len(fields) > 25:
            raise Refusal("fields")
        texts = [self._text(embed["title"], "title", 256)] if "title" in embed else []
        for field in fields:
            texts += [self._text(field["name"], "name", 256), self._text(field["value"], "value", 1024)]
        if "footer" in embed:
            texts.append(embed["footer"]["text"])
        if not texts:
            raise Refusal("empty")
        return texts

    def _text(self, text: str, place: str, most: int) -> str:
        if not text.strip() or utf16_length(text.strip()) > most:
            raise Refusal(place)
        if found := _MARKUP.search(_ESCAPED.sub("", text)):
            self.complain(f"{found[0]!r} is interpreted in {place}")
        return text
