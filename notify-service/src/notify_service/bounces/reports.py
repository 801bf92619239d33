"""Reads reports that are made for programs: of failures (RFC 3464, RFC 6533), and of complaints (ARF, RFC 5965)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.message import Message
from email.parser import HeaderParser

from notify_service.bounces.codes import code_in, kind_of
from notify_service.bounces.found import Judged
from notify_service.bounces.mime import header, own_parts
from shared.said import said

_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_COMPLAINTS = frozenset({"abuse", "fraud", "virus", "opt-out", "opt-out-list"})
"""Types of feedback that say that somebody does not want our mail. `not-spam`, `auth-failure` and `other` do not."""


def is_report(message: Message) -> bool:
    """Say whether a mail has a part that a program reads."""
    return any(_is_status(part) or _is_feedback(part) for part in own_parts(message))


def judged(message: Message) -> Judged | None:
    """Return what a report says has become of a mail; None where that is no failure, or not yet one."""
    for part in own_parts(message):
        if _is_feedback(part):
            return _complaint(part)
    failed = [one for part in own_parts(message) if _is_status(part) for one in _failed(part)]
    hard = [one for one in failed if one.kind == "hard"]
    return next(iter(hard or failed), None)


def _is_status(part: Message) -> bool:
    return part.get_content_type() in _STATUS


def _is_feedback(part: Message) -> bool:
    return part.get_content_type() == "message/feedback-report"


def _complaint(part: Message) -> Judged | None:
    kinds = [header(block, "Feedback-Type").strip().lower() for block in _blocks(part)]
    found = next((kind for kind in kinds if kind in _COMPLAINTS), None)
    return Judged("complaint", said=found) if found else None


def _failed(part: Message) -> Iterator[Judged]:
    """Yield the recipients of a report who did not get the mail, and will not; OpenSMTPD calls that an error."""
    for block in _blocks(part):
        action = header(block, "Action").strip().lower()
        if action.startswith(("failed", "error")):
            told = header(block, "Diagnostic-Code").partition(";")
            words = (told[2] or told[0]).strip()
            yield _judged_by(code_in(header(block, "Status")), words)


def _judged_by(status: str, words: str) -> Judged:
    """Judge by the status; a vague one by what the other server said, which its own may be more exact in."""
    theirs = code_in(words)
    code = theirs if theirs and (not status or status.endswith((".0.0", ".3.0"))) else status
    return Judged(kind_of(code, words), code, said(words))


def _blocks(part: Message) -> Sequence[Message]:
    """Return the groups of fields of a report. Python takes those of `message/delivery-status` apart, of the others it
    makes a mail: its headers are the first group, and its text has the others."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return _groups(str(payload))
    blocks = [one for one in payload if isinstance(one, Message)]
    return [group for one in blocks for group in (one, *_groups(_text(one)))]


def _text(block: Message) -> str:
    payload = block.get_payload()
    return payload if isinstance(payload, str) else ""


def _groups(text: str) -> list[Message]:
    groups = text.replace("\r\n", "\n").split("\n\n")
    return [HeaderParser().parsestr(group.lstrip("\n")) for group in groups if group.strip()]
