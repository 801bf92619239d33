"""The services announce changes to whoever watches a receipt, and models to gateways; an announcement may be lost.

Losing one costs nothing: the truth is in each service's own database.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, TypeAlias, get_args
from uuid import UUID

from shared.contracts.event import InvalidEvent
from shared.contracts.members import Document, document_in, member, moment_of, short_text, utc_text, uuid_of
from shared.contracts.strict_json import MAX_DEPTH

ConfirmationState: TypeAlias = Literal["pending", "retrying", "sent", "failed", "unknown", "held"]
"""`held` is for the owner's eyes: to a receipt, and in an announcement, it is `pending`."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One confirmation of one submission, without its address: `at` is when its state last changed, in UTC.

    `limit` names the cap that holds it back, or made it fail; it is for the owner's eyes, too. So is `error`: why it is
    being tried again, or has failed; two with other words for it are equal all the same.
    """

    channel: str
    state: ConfirmationState
    attempts: int = 0
    at: datetime | None = None
    limit: str | None = None
    error: str | None = field(default=None, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in a receipt, and with its limit and error, where it has one, as the owner sees it."""
        shown = {
            "channel": self.channel,
            "state": self.state,
            "attempts": self.attempts,
            "at": self.at.astimezone(UTC).isoformat().replace("+00:00", "Z") if self.at else None,
        }
        return shown | {name: told for name, told in (("limit", self.limit), ("error", self.error)) if told}

    def for_receipt(self) -> Confirmation:
        """Return it as whoever submitted may see it: a cap is no matter of theirs, and must not be found out by one.

        So what nobody has tried to send yet has no moment, whether it was held or not seen, and what a cap has held
        for too long stays pending: only that fails without a try.
        """
        state: ConfirmationState = "pending" if self.state == "held" or self.limit else self.state
        at = None if state == "pending" and self.attempts == 0 else self.at
        return replace(self, state=state, at=at, limit=None, error=None)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Confirmation:
        """Read what `to_json` wrote; raises KeyError, TypeError, ValueError or OverflowError on anything else."""
        if document["state"] not in get_args(ConfirmationState):
            raise ValueError(f"state {document['state']!r} is not known")
        at, limit, error = (document.get(name) for name in ("at", "limit", "error"))
        return cls(
            channel=str(document["channel"]),
            state=document["state"],
            attempts=int(document.get("attempts", 0)),
            at=datetime.fromisoformat(at).astimezone(UTC) if at else None,
            limit=None if limit is None else str(limit),
            error=None if error is None else str(error),
        )


@dataclass(frozen=True, slots=True)
class SubmissionsStored:
    """Submissions are in the storage service's database, committed together: one announcement a batch."""

    TYPE: ClassVar[str] = "submissions.stored.v1"

    ids: tuple[UUID, ...]
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class ConfirmationChanged:
    """A confirmation of a submission changed its state."""

    TYPE: ClassVar[str] = "confirmation.changed.v1"

    id: UUID
    confirmation: Confirmation


@dataclass(frozen=True, slots=True)
class SpamModelMade:
    """Another spam model counts from now on: what the query `spam.model` answers. `hash` is the SHA-256 of its bytes,
    in hex; two of one `version` (`12-3fa94c01`) differ in what was seen lately alone."""

    TYPE: ClassVar[str] = "spam.model.v1"

    version: str
    hash: str


@dataclass(frozen=True, slots=True)
class OptedIn:
    """The address of a submission is confirmed, since `at`: storage has it in its database."""

    TYPE: ClassVar[str] = "submission.confirmed.v1"

    id: UUID
    at: datetime


ReceiptNews: TypeAlias = SubmissionsStored | ConfirmationChanged | OptedIn
"""What changes a receipt."""

Announcement: TypeAlias = ReceiptNews | SpamModelMade

_MODEL_TEXT_MOST = 64


def encode_announcement(announcement: Announcement) -> bytes:
    """Return the announcement as the body of a message: JSON in UTF-8."""
    document: dict[str, Any]
    if isinstance(announcement, SubmissionsStored):
        stored_at = announcement.stored_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        document = {"ids": [str(one) for one in announcement.ids], "stored_at": stored_at}
    elif isinstance(announcement, SpamModelMade):
        document = {"version": announcement.version, "hash": announcement.hash}
    elif isinstance(announcement, OptedIn):
        document = {"id": str(announcement.id), "at": utc_text(announcement.at)}
    else:
        document = {"id": str(announcement.id), "confirmation": announcement.confirmation.to_json()}
    return json.dumps(document, separators=(",", ":")).encode("utf-8")


def decode_announcement(body: bytes, *, type: str) -> Announcement:  # noqa: A002 - the name AMQP gives this property
    """Read an announcement of the given AMQP type; raises `InvalidEvent`."""
    if type == SubmissionsStored.TYPE:
        return _stored(document_in(body, most_depth=MAX_DEPTH))
    if type == ConfirmationChanged.TYPE:
        return _changed(document_in(body, most_depth=MAX_DEPTH))
    if type == SpamModelMade.TYPE:
        return _made(document_in(body, most_depth=MAX_DEPTH))
    if type == OptedIn.TYPE:
        return _opted_in(document_in(body, most_depth=MAX_DEPTH))
    raise InvalidEvent(f"announcement type {type[:80]!r} is not known here")


def _stored(document: Document) -> SubmissionsStored:
    ids = tuple(uuid_of(str(one), "ids") for one in member(document, "ids", list))
    return SubmissionsStored(ids, moment_of(member(document, "stored_at", str), "stored_at"))


def _changed(document: Document) -> ConfirmationChanged:
    key, confirmation = uuid_of(member(document, "id", str), "id"), member(document, "confirmation", dict)
    try:
        return ConfirmationChanged(key, Confirmation.from_json(confirmation))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise InvalidEvent(f"confirmation: {error!r}") from error


def _opted_in(document: Document) -> OptedIn:
    return OptedIn(uuid_of(member(document, "id", str), "id"), moment_of(member(document, "at", str), "at"))


def _made(document: Document) -> SpamModelMade:
    version, digest = (short_text(document, name, _MODEL_TEXT_MOST) for name in ("version", "hash"))
    return SpamModelMade(version, digest)
