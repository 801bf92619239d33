"""A stand-in for a workflow of Microsoft Teams that posts the adaptive cards it is sent.

After learn.microsoft.com: "Create incoming webhooks with Workflows" and "Create an Incoming Webhook" (the document,
28 kB, the rates), "Adaptive Cards schema: TextBlock, RichTextBlock, TextRun", "Text features" (Markdown, DATE, TIME),
and "Microsoft Teams connector" (what is counted). A workflow answers 202 before it posts: what it then cannot post is a
complaint here.
"""

from __future__ import annotations

import json
import re
from typing import Any

from support.chats.stand_in import Asked, Reply, StandIn

PATH = "/workflows/0123456789abcdef/triggers/manual/paths/invoke"
_SIGNATURE = "aSecretSignature"
_CARD_MOST = 28 * 1024
_FORMULA = re.compile(r"\{\{(?:DATE|TIME)\(")


class TeamsStandIn(StandIn):
    """Has one workflow, at `url`."""

    @property
    def url(self) -> str:
        """The workflow's address."""
        return f"{self.base()}{PATH}?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={_SIGNATURE}"

    def answer(self, asked: Asked) -> Reply:
        """Answer as the trigger of a workflow does."""
        if asked.path != PATH:
            return Reply(404, {"error": {"code": "WorkflowNotFound", "message": "The workflow could not be found."}})
        if asked.query.get("sig") != [_SIGNATURE]:
            return Reply(401, {"error": {"code": "DirectApiAuthorizationRequired"}})
        if not isinstance(asked.document, dict) or not isinstance(asked.document.get("attachments"), list):
            return Reply(400, {"error": {"code": "TriggerInputSchemaMismatch"}})
        if "charset=utf-8" not in asked.headers["content-type"].lower():
            self.complain("emoji need a charset")
        self.said.append(self._posted(asked.document))
        return Reply(202)

    def too_many(self, left_s: float) -> Reply:
        """Answer that four messages a second are enough."""
        return Reply(429, {"error": {"code": "RequestRateLimitExceeded"}}, {"Retry-After": str(int(left_s) + 1)})

    def _posted(self, document: dict[str, Any]) -> str:
        written = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        if max(len(written.encode()), len(written.encode("utf-16-le"))) > _CARD_MOST:
            self.complain("Request Entity too large")
        match document:
            case {
                "type": "message",
                "attachments": [
                    {
                        "contentType": "application/vnd.microsoft.card.adaptive",
                        "contentUrl": None,
                        "content": {"type": "AdaptiveCard", "version": "1.4", "body": [*body], **rest},
                    }
                ],
            }:
                if unknown := rest.keys() - {"$schema", "actions"}:
                    self.complain(f"unknown members {unknown}")
                return "\n".join(map(self._of_block, body))
        self.complain("it is no message with one card")
        return ""

    def _of_block(self, block: Any) -> str:
        match block:
            case {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": str(text)}]} if text:
                if _FORMULA.search(text):
                    self.complain("a date is interpreted")
                return text
            case {"type": "TextBlock"}:
                self.complain("Markdown is interpreted")
        self.complain("unknown element")
        return ""
