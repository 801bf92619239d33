"""`submission.opted_in.v1` says that whoever got the mail of a submission pressed its button."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.members import (
    document_in,
    member,
    moment_of,
    short_text,
    short_text_or_none,
    utc_text,
    uuid_of,
)
from shared.contracts.registry import register

FORM_MOST = 64
IP_MOST = 64
USER_AGENT_MOST = 500
RECIPIENT_MOST = 64
_DEPTH_MOST = 4


@register
@dataclass(frozen=True, slots=True)
class SubmissionOptedIn:
    """The address of a submission is confirmed: what somebody who asks for a proof of it wants to know.

    `accepted_at` is the submission's, as its link says it; `at` is when the button was pressed, `ip` and `user_agent`
    by whom, each None where the request did not tell. `recipient` stands for the mailbox that the link was sent to
    (`shared.links.opt_in`), and `link_expires_at` is until when that link is good. All moments are aware.
    """

    TYPE: ClassVar[str] = "submission.opted_in.v1"

    id: UUID
    form: str
    accepted_at: datetime
    at: datetime
    ip: str | None
    user_agent: str | None
    recipient: str
    link_expires_at: datetime

    def encode(self) -> bytes:
        """Return it as the body of a message; a text is cut to what `decode` takes."""
        document = {
            "id": str(self.id),
            "form": self.form,
            "accepted_at": utc_text(self.accepted_at),
            "at": utc_text(self.at),
            "ip": None if self.ip is None else self.ip[:IP_MOST],
            "user_agent": None if self.user_agent is None else self.user_agent[:USER_AGENT_MOST],
            "recipient": self.recipient,
            "link_expires_at": utc_text(self.link_expires_at),
        }
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def decode(cls, body: bytes) -> SubmissionOptedIn:
        """Read a message body; raises `InvalidEvent`."""
        document = document_in(body, most_depth=_DEPTH_MOST)
        accepted_at, at, expires_at = (
            moment_of(member(document, name, str), name) for name in ("accepted_at", "at", "link_expires_at")
        )
        return cls(
            id=uuid_of(member(document, "id", str), "id"),
            form=short_text(document, "form", FORM_MOST),
            accepted_at=accepted_at,
            at=at,
            ip=short_text_or_none(document, "ip", IP_MOST),
            user_agent=short_text_or_none(document, "user_agent", USER_AGENT_MOST),
            recipient=short_text(document, "recipient", RECIPIENT_MOST),
            link_expires_at=expires_at,
        )
