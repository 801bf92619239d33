"""Stand-ins for ntfy and Gotify, which are told by way of Apprise.

After docs.ntfy.sh/publish ("Publish as JSON", "Markdown formatting", "Limitations": a message of more than 4,096 bytes
becomes a file) and gotify.net/docs/pushmsg and its API (`/message`, the key in a header, `extras` for Markdown).
"""

from __future__ import annotations

from typing import Any

from support.chats.stand_in import Asked, Reply, StandIn

TOPIC = "a_topic"
TOKEN = "A2Qol1Ds4oUq1Xe"


class NtfyStandIn(StandIn):
    """Takes messages to one topic, at `url`, which is a URL of Apprise."""

    @property
    def url(self) -> str:
        """The topic's URL."""
        return f"{self.base().replace('http', 'ntfy')}/{TOPIC}"

    def answer(self, asked: Asked) -> Reply:
        """Answer as ntfy does to JSON."""
        document: Any = asked.document
        if asked.path != "/" or not isinstance(document, dict) or document.get("topic") != TOPIC:
            return Reply(400, {"code": 40024, "http": 400, "error": "invalid request: topic invalid"})
        if any(name.startswith("x-markdown") for name in asked.headers) or document.get("markdown"):
            self.complain("Markdown is interpreted")
        if len(document["message"].encode()) > 4096 or "attach" in document:
            self.complain("it becomes a file")
        self.said.append(f"{document.get('title', '')}\n{document['message']}")
        return Reply(200, {"id": "x", "event": "message", "topic": TOPIC})

    def too_many(self, left_s: float) -> Reply:
        """Answer that there are too many requests."""
        return Reply(429, {"code": 42901, "http": 429, "error": "limit reached: too many requests"})


class GotifyStandIn(StandIn):
    """Takes messages by one key, at `url`, which is a URL of Apprise."""

    @property
    def url(self) -> str:
        """The application's URL."""
        return f"{self.base().replace('http', 'gotify')}/{TOKEN}"

    def answer(self, asked: Asked) -> Reply:
        """Answer as Gotify does."""
        if asked.path != "/message":
            return Reply(404, {"error": "Not Found", "errorCode": 404})
        if asked.headers.get("x-gotify-key") != TOKEN:
            return Reply(401, {"error": "Unauthorized", "errorCode": 401})
        if not isinstance(asked.document, dict) or not asked.document.get("message"):
            return Reply(400, {"error": "Bad Request", "errorCode": 400})
        if "extras" in asked.document:
            self.complain("Markdown is interpreted")
        self.said.append(f"{asked.document['title']}\n{asked.document['message']}")
        return Reply(200, {"id": 1})

    def too_many(self, left_s: float) -> Reply:
        """Answer as a proxy in front of it does."""
        return Reply(429, "", {"Retry-After": str(int(left_s) + 1)})
