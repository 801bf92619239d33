"""Asks both services, over the broker, for what they have of a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from shared.messaging.broker import Answer
from storage_service.console.asking import PARKED_AT, Asking
from storage_service.subjects import Page, SuppressedAddress
from storage_service.subjects.suppressed import suppressed_of

LIMIT = 500


class AskedElsewhere:
    """See `subjects.Elsewhere`."""

    services: Sequence[str] = tuple(PARKED_AT)

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def mailed(self, recipient: str, after: Any) -> Page | None:
        """Return submissions that were confirmed to a recipient; None where notify does not answer."""
        answer = self._asking.deliveries_of_recipient(recipient, LIMIT, after)
        if answer is None:
            return None
        return Page([{"submission": one} for one in answer["submissions"]], answer["next"])

    def mails(self, submission: UUID) -> Sequence[Mapping[str, Any]] | None:
        """Return the confirmations of a submission; None where notify does not answer."""
        answer = self._asking.deliveries(submission)
        found: Sequence[Mapping[str, Any]] | None = None if answer is None else answer["confirmations"]
        return found

    def suppressed(self, mailboxes: Sequence[str]) -> Sequence[SuppressedAddress] | None:
        """Return which of these mailboxes are sent no mail, and why; None where notify does not answer."""
        found = list[SuppressedAddress]()
        for one in mailboxes:
            answer = self._asking.suppressions("find", {"address": one})
            if answer is None:
                return None
            found += map(suppressed_of, answer.get("suppressions", ()))  # none where it has no secret
        return found

    def parked(self, service: str, mailboxes: Sequence[str], after: Any) -> Page | None:
        """Return parked messages that name one of these mailboxes; None where the service does not answer."""
        answer = self._asking.parked(service, "naming", {"mailboxes": list(mailboxes), "cursor": after})
        return _page(answer, "found", "next_cursor")

    def parked_content(self, service: str, parked_id: str) -> Mapping[str, Any] | None:
        """Return a parked message with its content; None where it is gone, too."""
        answer = self._asking.parked(service, "show", {"id": parked_id})
        found: Mapping[str, Any] | None = None if answer is None else answer["parked"]
        return found

    def forget_parked(self, service: str, ids: Sequence[str], actor: str) -> int | None:
        """Remove parked messages for ever, and return how many; None where the service does not answer."""
        answer = self._asking.parked(service, "forget", {"ids": list(ids), "actor": actor}, is_named=True)
        return None if answer is None else int(answer["forgotten"])


def _page(answer: Answer | None, found: str, following: str) -> Page | None:
    return None if answer is None else Page(answer[found], answer[following])
