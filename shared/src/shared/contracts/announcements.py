"""What the services announce to whoever watches a receipt: transient, fire and forget.

Losing an announcement costs nothing; the truth is in each service's own database.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, TypeAlias, get_args
from uuid import UUID

from shared.contracts.submission import InvalidEvent

ConfirmationState: TypeAlias = Literal["pending", "retrying", "sent", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One confirmation of one submission, without its address: `at` is when its state last changed, in UTC."""

    channel: str
    state: ConfirmationState
    attempts: int = 0
    at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in a receipt."""
        return {
            "channel": self.channel,
            "state": self.state,
            "attempts": self.attempts,
            "at": self.at.astimezone(UTC).isoformat().replace("+00:00", "Z") if self.at else None,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Confirmation:
        """Read what `to_json` wrote; raises KeyError, TypeError or ValueError on anything else."""
        if document["state"] not in get_args(ConfirmationState):
            raise ValueError(f"state {document['state']!r} is not known")
        at = document.get("at")
        return cls(
            channel=str(document["channel"]),
            state=document["state"],
            attempts=int(document.get("attempts", 0)),
            at=datetime.fromisoformat(at) if at else None,
        )


@dataclass(frozen=True, slots=True)
class SubmissionStored:
    """A submission is in the storage service's database, committed."""

    TYPE: ClassVar[str] = "submission.stored.v1"

    id: UUID
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class ConfirmationChanged:
    """A confirmation of a submission changed its state."""

    TYPE: ClassVar[str] = "confirmation.changed.v1"

    id: UUID
    confirmation: Confirmation


Announcement: TypeAlias = SubmissionStored | ConfirmationChanged


def encode_announcement(announcement: Announcement) -> bytes:
    """Return the announcement as the body of a message: JSON in UTF-8."""
    document: dict[str, Any] = {"id": str(announcement.id)}
    if isinstance(announcement, SubmissionStored):
        document["stored_at"] = announcement.stored_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    else:
        document["confirmation"] = announcement.confirmation.to_json()
    return json.dumps(document, separators=(",", ":")).encode("utf-8")


def decode_announcement(body: bytes, *, type: str) -> Announcement:  # noqa: A002 - the name AMQP gives this property
    """Read an announcement of the given AMQP type; raises `InvalidEvent`."""
    try:
        document = json.loads(body)
        submission_id = UUID(document["id"])
        if type == SubmissionStored.TYPE:
            return SubmissionStored(submission_id, datetime.fromisoformat(document["stored_at"]))
        if type == ConfirmationChanged.TYPE:
            return ConfirmationChanged(submission_id, Confirmation.from_json(document["confirmation"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidEvent(f"{type} announcement: {error!r}") from error
    raise InvalidEvent(f"announcement type {type[:80]!r} is not known here")
