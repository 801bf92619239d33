"""A stand-in for Slack's incoming webhooks.

After docs.slack.dev: "Sending messages using incoming webhooks" (answers), "Formatting message text" (`&`, `<` and `>`
control), "Blocks", "Text object" and "Rate limits"; and what slackapi/bolt-js#2509 found of the length of all blocks.
"""

from __future__ import annotations

import re
from html import unescape
from math import ceil
from typing import Any

from support.chats.stand_in import Asked, Reply, StandIn

PATH = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"

_CONTROL = re.compile(r"&(?!(?:amp|lt|gt);)|[<>]")
_LINK = re.compile(r"<https?://[^<>|]+\|[^<>|]+>")
_KNOWN = {"text", "blocks", "mrkdwn", "parse", "link_names", "unfurl_links", "unfurl_media"}
_MOST_IN_ALL = 13_000


class Refusal(Exception):
    """The message is not taken."""


class SlackStandIn(StandIn):
    """Has one webhook, at `url`."""

    @property
    def url(self) -> str:
        """The webhook's address."""
        return self.base() + PATH

    def answer(self, asked: Asked) -> Reply:
        """Answer as Slack does: one word."""
        if asked.path != PATH:
            return Reply(404, "no_service")
        if not isinstance(asked.document, dict):
            return Reply(400, "invalid_payload")
        try:
            self.said.append(self._seen(asked.document))
        except Refusal as error:
            return Reply(400, str(error))
        return Reply(200, "ok")

    def too_many(self, left_s: float) -> Reply:
        """Answer that a message a second is enough."""
        return Reply(429, "rate_limited", {"Retry-After": str(ceil(left_s))})

    def _seen(self, document: dict[str, Any]) -> str:
        if unknown := document.keys() - _KNOWN:
            self.complain(f"unknown members {unknown}")
        if document.get("mrkdwn") is not False or document.get("parse") != "none" or document.get("link_names"):
            self.complain("its text is interpreted")
        if document.get("unfurl_links") is not False or document.get("unfurl_media") is not False:
            self.complain("links are opened")
        if not isinstance(document.get("text"), str) or not document["text"]:
            raise Refusal("no_text")
        self._plain(document["text"], 40_000)
        blocks = document.get("blocks")
        if not isinstance(blocks, list) or not 1 <= len(blocks) <= 50:
            raise Refusal("invalid_blocks")
        texts = [text for block in blocks for text in self._of_block(block)]
        if sum(map(len, texts)) > _MOST_IN_ALL:
            raise Refusal("msg_blocks_too_long")
        return "\n".join(texts)

    def _of_block(self, block: Any) -> list[str]:
        match block:
            case {"type": "header", "text": {"type": "plain_text", "text": str(text), "emoji": False}}:
                return [self._plain(text, 150)]
            case {"type": "section", "text": {"type": "plain_text", "text": str(text), "emoji": False}}:
                return [self._plain(text, 3000)]
            case {"type": "section", "text": {"type": "mrkdwn", "text": str(text)}} if _LINK.fullmatch(text):
                return [text]
            case {"type": "context", "elements": [*elements]} if 1 <= len(elements) <= 10:
                return [self._plain(one["text"], 3000) for one in elements if one["type"] == "plain_text"]
        raise Refusal("invalid_blocks")

    def _plain(self, text: str, most: int) -> str:
        if not 1 <= len(text) <= most or not text.strip():
            raise Refusal("invalid_blocks")
        if found := _CONTROL.search(text):
            self.complain(f"{found[0]} is interpreted")
        return unescape(text)
