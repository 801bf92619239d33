"""`submission.accepted.v1`: one accepted submission, as the gateway publishes it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from operator import attrgetter
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec

from shared.addresses import ADDRESS_MOST
from shared.contracts.strict_json import MAX_DEPTH, JsonValue, Unacceptable, parse

T = TypeVar("T")

EVENT_BYTES_MOST = 16 * 1024 * 1024
"""The largest event that is looked into: RabbitMQ 4's own limit, above all that a gateway makes of a submission."""


class InvalidEvent(ValueError):
    """A message that is no event this version understands.

    The text says what is wrong and where, and shows no value: it is logged.
    """


@dataclass(frozen=True, slots=True)
class Source:
    """Where a submission came from, as far as the request told."""

    ip: str | None = None
    user_agent: str | None = None
    referer: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """What the submitter's control fields asked for (`_subject`, `_replyto`).

    `captcha` is `unverified` where nobody could be asked whether the form's captcha was solved.
    """

    subject: str | None = None
    reply_to: str | None = None
    captcha: str | None = None


@dataclass(frozen=True, slots=True)
class SubmissionAccepted:
    """One accepted submission.

    `fields` is a JSON object, `accepted_at` is aware and in UTC, `fingerprint` is `fingerprint(fields)`. `spam` is
    what gave it away as spam (`honeypot`), else None. `receipt_url` is where whoever submitted finds the receipt, None
    where the gateway does not know by what address it is reached.
    `received` is the document it was decoded from, where that is as good as what `encode` would make of it.
    """

    TYPE: ClassVar[str] = "submission.accepted.v1"

    id: UUID
    form: str
    accepted_at: datetime
    fields: Mapping[str, JsonValue]
    fingerprint: str
    source: Source = field(default_factory=Source)
    control: Control = field(default_factory=Control)
    spam: str | None = None
    receipt_url: str | None = None
    received: str | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def reply_address(self) -> str | None:
        """The submitter's own address; see `reply_address_of`."""
        return reply_address_of(self.control, self.fields)


def reply_address_of(control: Control, fields: Mapping[str, JsonValue]) -> str | None:
    """Return the submitter's own address: `_replyto`, else the field `email` or `Email`; None without one.

    What is longer than any address is none: whoever compares or checks it may take long over it.
    """
    for candidate in (control.reply_to, fields.get("email"), fields.get("Email")):
        if isinstance(candidate, str) and 0 < len(candidate) <= ADDRESS_MOST:
            return candidate
    return None


_SOURCE = tuple(each.name for each in fields_of(Source))
_CONTROL = tuple(each.name for each in fields_of(Control))
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_HEAD = re.compile(
    rb'\{"id":"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",'
    rb'"form":"[^"\\]*","accepted_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z","fields":\{'
)
_GROUPED = (*(f"source.{name}" for name in _SOURCE), *(f"control.{name}" for name in _CONTROL))
_NAMES = ("id", "form", "accepted_at", "fields", "fingerprint", "source", "control", "spam", "receipt_url", *_GROUPED)
_TEXTS = ("id", "form", "accepted_at", "fingerprint", "spam", "receipt_url", *_GROUPED)
_texts_or_none = attrgetter("spam", "receipt_url", *_GROUPED)
_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_CANONICAL = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, sort_keys=True)
# For fields that are texts, as nearly all are, these give the same bytes in a tenth of the time; numbers they may write
# in another way.
_COMPACT_TEXTS = msgspec.json.Encoder()
_CANONICAL_TEXTS = msgspec.json.Encoder(order="sorted")


def fingerprint(fields: Mapping[str, JsonValue]) -> str:
    """Return the SHA-256, in hex, of the fields as canonical JSON: sorted names, no spaces, UTF-8."""
    if _are_texts(fields):
        return hashlib.sha256(_CANONICAL_TEXTS.encode(fields)).hexdigest()
    return hashlib.sha256(_CANONICAL.encode(fields).encode("utf-8")).hexdigest()


def encode(event: SubmissionAccepted) -> bytes:
    """Return the event as the body of a message: JSON in UTF-8."""
    document = {
        "id": str(event.id),
        "form": event.form,
        "accepted_at": event.accepted_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "fields": event.fields,
        "fingerprint": event.fingerprint,
        "source": {name: getattr(event.source, name) for name in _SOURCE},
        "control": {name: getattr(event.control, name) for name in _CONTROL},
        "spam": event.spam,
        "receipt_url": event.receipt_url,
    }
    return _COMPACT_TEXTS.encode(document) if _are_texts(event.fields) else _COMPACT.encode(document).encode("utf-8")


def document_of(event: SubmissionAccepted) -> str:
    """Return the event as a JSON document with every member, its id and its moment written as `encode` writes them.

    A decoded event is not encoded again unless it must: the document is the one that came, unknown members and all.
    """
    return event.received or encode(event).decode("utf-8")


def _are_texts(fields: Mapping[str, JsonValue]) -> bool:
    return all(type(value) is str for value in fields.values())


def decode(body: bytes, *, type: str) -> SubmissionAccepted:  # noqa: A002 - the name AMQP gives this property
    """Read a message body of the given AMQP type. Unknown members are ignored; raises `InvalidEvent`.

    What is larger than `EVENT_BYTES_MOST` is not looked into.
    """
    if len(body) > EVENT_BYTES_MOST:
        raise InvalidEvent(f"{len(body)} bytes, {EVENT_BYTES_MOST} at most")
    if type != SubmissionAccepted.TYPE:
        raise InvalidEvent(f"type {type[:80]!r} is not known here; expected {SubmissionAccepted.TYPE!r}")
    return _decoded_quickly(body) or _decoded_strictly(body)


class _Members(msgspec.Struct):
    id: UUID
    form: str
    accepted_at: datetime
    fields: dict[str, str]
    fingerprint: str
    source: Source
    control: Control
    spam: str | None
    receipt_url: str | None


def _decoded_quickly(body: bytes) -> SubmissionAccepted | None:
    """Return the event of a body just as `encode` writes it with fields that are texts, as nearly all are; else None.

    It is a third of the strict way's work, and takes nothing that the strict way refuses: without escapes no text holds
    NUL or a lone surrogate; and a name that stands twice, or that is not known, has quotes that belong to nothing read.
    """
    if b"\\u" in body or not _HEAD.match(body):
        return None
    try:
        text, read = body.decode("utf-8"), _read_members(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    quoted = len(_NAMES) + len(_TEXTS) + 2 * len(read.fields) - _texts_or_none(read).count(None)
    if body.count(b'"') != 2 * quoted:
        return None
    event = SubmissionAccepted(
        read.id,
        read.form,
        read.accepted_at,
        read.fields,
        read.fingerprint,
        read.source,
        read.control,
        read.spam,
        read.receipt_url,
    )
    object.__setattr__(event, "received", text)
    return event


_read_members = msgspec.json.Decoder(_Members).decode


def _decoded_strictly(body: bytes) -> SubmissionAccepted:
    try:
        document = parse(body, most_depth=MAX_DEPTH + 1)  # the event itself is one level around the fields
    except Unacceptable as error:
        raise InvalidEvent(str(error)) from error
    if not isinstance(document, dict):
        raise InvalidEvent("the body is no JSON object")
    key, moment = _member(document, "id", str), _member(document, "accepted_at", str)
    event = SubmissionAccepted(
        id=_uuid(key),
        form=_member(document, "form", str),
        accepted_at=_moment(moment),
        fields=_member(document, "fields", dict),
        fingerprint=_member(document, "fingerprint", str),
        source=Source(*_texts(document, "source", _SOURCE)),
        control=Control(*_texts(document, "control", _CONTROL)),
        spam=_text_or_none(document, "spam"),
        receipt_url=_text_or_none(document, "receipt_url"),
    )
    text = body.decode("utf-8")
    # A member's name may be written with \u escapes, by which older versions of SQLite do not find it.
    is_plain = "\\u" not in text and bool(_ID.fullmatch(key) and _MOMENT.fullmatch(moment))
    if is_plain and "source" in document and "control" in document:
        object.__setattr__(event, "received", text)
    return event


def _member(document: dict[str, JsonValue], name: str, kind: type[T]) -> T:
    value = document.get(name)
    if not isinstance(value, kind):
        raise InvalidEvent(f"{name}: expected {kind.__name__}, got {type(value).__name__}")
    return value


def _text_or_none(document: dict[str, JsonValue], name: str) -> str | None:
    return None if document.get(name) is None else _member(document, name, str)


def _texts(document: dict[str, JsonValue], name: str, known: tuple[str, ...]) -> list[str | None]:
    group = document.get(name, {})
    if not isinstance(group, dict):
        raise InvalidEvent(f"{name}: expected dict, got {type(group).__name__}")
    texts: list[str | None] = []
    for key in known:
        value = group.get(key)
        if value is not None and not isinstance(value, str):
            raise InvalidEvent(f"{name}.{key}: expected str, got {type(value).__name__}")
        texts.append(value)
    return texts


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidEvent("id: no UUID") from error


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise InvalidEvent("accepted_at: names no time zone")
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidEvent("accepted_at: no date and time") from error
