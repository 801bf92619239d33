"""Amazon SES's calls, which come from topics of SNS; a topic whose name is set is subscribed to by itself.

Source: Amazon's documentation, "Amazon SNS notification contents for Amazon SES" and "Contents of event data".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from gateway.bounces.sns import Fetch, Signatures, is_of_sns
from gateway.bounces.told import Told, check_age, document_of, forged, inside, malformed, objects, text
from gateway.http.errors import Refused, unavailable
from gateway.http.request import Headers
from shared.links.bounce import MARK, token_in

RECIPIENTS_MOST = 50
_WANTED = frozenset({"abuse", "fraud", "virus", "other", ""})
"""What a complaint may say; `not-spam` is none, and `auth-failure` is about the mail."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ses:
    """Takes calls of these topics, by their ARN."""

    topics: Collection[str]
    signatures: Signatures
    fetch: Fetch
    clock: Callable[[], datetime]

    def read(self, headers: Headers, body: bytes) -> Sequence[Told]:  # noqa: ARG002 - see `told.Hook`
        """Return what a call tells; see `told.Hook`. One that asks whether we want a topic is answered there."""
        message = document_of(body)
        if not isinstance(message, Mapping) or text(message, "TopicArn") not in self.topics:
            raise forged()
        self.signatures.check(message)
        check_age(_moment(text(message, "Timestamp")), self.clock())
        kind = text(message, "Type")
        if kind == "Notification":
            return _told(_document_in(message))
        if kind == "SubscriptionConfirmation":
            self._subscribe(message)
        else:
            _log.warning("a topic of bounces was unsubscribed", topic=text(message, "TopicArn"))
        return []

    def _subscribe(self, message: Mapping[str, Any]) -> None:
        """Say that we want a topic: its message is signed, and the address is one of SNS, in the topic's region."""
        url, topic = text(message, "SubscribeURL"), text(message, "TopicArn")
        if not is_of_sns(url, topic):
            raise forged()
        try:
            self.fetch(url)
        except OSError:
            raise unavailable("The topic cannot be subscribed to just now.") from None
        _log.info("a topic of bounces was subscribed to", topic=topic)


def _document_in(message: Mapping[str, Any]) -> Any:
    """Return what a message holds; None for a text to people, as when SES says that it validated a topic."""
    try:
        return document_of(str(message.get("Message", "")))
    except Refused:
        return None


def _told(document: Any) -> Sequence[Told]:
    kind = text(document, "notificationType") or text(document, "eventType")
    mark = _mark(inside(document, "mail"))
    if kind == "Bounce" and not _is_an_answer(document):
        is_hard = text(document, "bounce", "bounceType") == "Permanent"
        key = text(document, "bounce", "feedbackId")
        return [
            Told(
                f"{key} {text(one, 'emailAddress')}",
                "hard" if is_hard else "soft",
                text(one, "emailAddress"),
                mark,
                text(one, "status"),
                text(one, "diagnosticCode").partition(";")[2].strip() or text(document, "bounce", "bounceSubType"),
            )
            for one in objects(document, "bounce", "bouncedRecipients")[:RECIPIENTS_MOST]
        ]
    if kind == "Complaint" and text(document, "complaint", "complaintFeedbackType") in _WANTED:
        key, said = text(document, "complaint", "feedbackId"), text(document, "complaint", "complaintFeedbackType")
        complained = objects(document, "complaint", "complainedRecipients")[:RECIPIENTS_MOST]
        addresses = [text(one, "emailAddress") for one in complained]
        return [Told(f"{key} {address}", "complaint", address, mark, said=said) for address in addresses]
    return []


def _is_an_answer(document: Any) -> bool:
    """Say whether it is what SES calls a general bounce, and nobody said why: so it tells of those who are away."""
    kind, subkind = text(document, "bounce", "bounceType"), text(document, "bounce", "bounceSubType")
    recipients = objects(document, "bounce", "bouncedRecipients")
    is_said = any(text(one, "diagnosticCode") or text(one, "status") for one in recipients)
    return (kind, subkind) == ("Transient", "General") and not is_said


def _mark(mail: Any) -> str | None:
    """Return the token of a mail: of its return path, else of its tags, which are lists."""
    tags = inside(mail, "tags", MARK)
    tag = tags[0] if isinstance(tags, list) and tags and isinstance(tags[0], str) else None
    return token_in(text(mail, "source")) or tag


def _moment(said: str) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise malformed() from None
    if moment.tzinfo is None:
        raise malformed()
    return moment
