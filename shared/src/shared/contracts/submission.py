"""`submission.accepted.v1`, with files `.v2`, is one accepted submission, as the gateway publishes it; one that waits
for its address to be confirmed is `.v3`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import msgspec
from msgspec.structs import astuple

from shared.contracts.members import document_in, member, moment_of, text_or_none, texts, texts_by_name, uuid_of
from shared.contracts.parts.control import CONTROL_MEMBERS, Control, reply_address_of
from shared.contracts.parts.quick_members import FileMembers, VerdictMembers, files_of, verdict_of
from shared.contracts.parts.submitted_file import SubmittedFile, SubmittedFiles, documents_of, files_in
from shared.contracts.parts.verdict import Verdict, verdict_in
from shared.contracts.parts.verdict import document_of as verdict_document
from shared.contracts.registry import register
from shared.contracts.strict_json import MAX_DEPTH, JsonValue

HONEYPOT = "honeypot"
"""Why it is spam, of what filled in a trap: of all that is spam, it alone has an id of its own and unchecked fields."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a submission came from, as far as the request told."""

    ip: str | None = None
    user_agent: str | None = None
    referer: str | None = None
    language: str | None = None


@register
@dataclass(frozen=True, slots=True)
class SubmissionAccepted:
    """One accepted submission.

    `fields` is a JSON object, `accepted_at` is aware and in UTC. `spam` is what gave it away as spam: `honeypot`,
    `score` where a model did, `rule:…` where a rule of its form did; else None. `receipt_url` is where whoever
    submitted finds the receipt, None where the gateway does not know by what address it is reached. `sealed` has by
    name the values that are sealed (`shared.sealing`), none of which is in `fields`, nor is a file. `fingerprint` is
    `fingerprint(fields, files)`; where some are sealed, of these, too, each in the form of a mark from which nobody can
    tell its value. `verdict` is what a model thought of it, spam or not; None where none was asked. `opt_in` says that
    it waits for its address to be confirmed: until then nothing of it is delivered but the mail that asks for this.
    `received` is the document it was decoded from, where that is as good as what `encode` would make of it.
    """

    TYPE: ClassVar[str] = "submission.accepted.v1"
    TYPE_WITH_FILES: ClassVar[str] = "submission.accepted.v2"
    """An older version, which would store a submission without its files, does not know this one, and parks it."""

    TYPE_WITH_OPT_IN: ClassVar[str] = "submission.accepted.v3"
    """An older version would deliver at once what is to wait, with files or without; it parks this one, too."""

    TYPES: ClassVar[tuple[str, ...]] = (TYPE, TYPE_WITH_FILES, TYPE_WITH_OPT_IN)

    id: UUID
    form: str
    accepted_at: datetime
    fields: Mapping[str, JsonValue]
    fingerprint: str
    source: Source = field(default_factory=Source)
    control: Control = field(default_factory=Control)
    spam: str | None = None
    receipt_url: str | None = None
    sealed: Mapping[str, str] = field(default_factory=dict)
    files: SubmittedFiles = ()
    verdict: Verdict | None = None
    opt_in: bool = False
    received: str | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def is_trapped(self) -> bool:
        """Whether it filled in a trap: then its id is not that of its key, its fields were not checked, its files not
        kept. No other spam differs in these from what is none."""
        return self.spam == HONEYPOT

    @property
    def type(self) -> str:
        """Which of its types it is published as; each is read whether it has files, waits, or does neither."""
        if self.opt_in:
            return self.TYPE_WITH_OPT_IN
        return self.TYPE_WITH_FILES if self.files else self.TYPE

    @property
    def reply_address(self) -> str | None:
        """The submitter's own address; see `reply_address_of`."""
        return reply_address_of(self.control, self.fields)

    def encode(self) -> bytes:
        """Return the event as the body of a message: JSON in UTF-8."""
        return _encoded(self)

    @classmethod
    def decode(cls, body: bytes) -> SubmissionAccepted:
        """Read a message body. Unknown members are ignored; raises `InvalidEvent`."""
        return _decoded_quickly(body) or _decoded_strictly(body)

    @classmethod
    def decode_quickly(cls, body: bytes) -> SubmissionAccepted | None:
        """Read a body just as `encode` writes it; None where only the strict way may say what it is."""
        return _decoded_quickly(body)

    @classmethod
    def of_document(cls, document: Mapping[str, JsonValue]) -> SubmissionAccepted:
        """Read a document that was parsed strictly; raises `InvalidEvent`."""
        return _of_document(document)


_SOURCE = tuple(each.name for each in fields_of(Source))
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_HEAD = re.compile(
    rb'\{"id":"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",'
    rb'"form":"[^"\\]*","accepted_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z","fields":\{'
)
_NAMES = ("id", "form", "accepted_at", "fields", "fingerprint", "source", "control", "spam", "receipt_url")
_TEXTS = ("id", "form", "accepted_at", "fingerprint", "spam", "receipt_url")
_QUOTED = len(_NAMES) + len(_TEXTS) + 2 * len(_SOURCE) + 2 * len(CONTROL_MEMBERS)
"""How many names and texts are in quotes where there are no fields, and nothing is null."""
_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_CANONICAL = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, sort_keys=True)
# For fields that are texts, as nearly all are, these give the same bytes in a tenth of the time; numbers they may write
# in another way.
_COMPACT_TEXTS = msgspec.json.Encoder()
_CANONICAL_TEXTS = msgspec.json.Encoder(order="sorted")


def fingerprint(fields: Mapping[str, JsonValue], files: Sequence[SubmittedFile] = ()) -> str:
    """Return the SHA-256, in hex, of the fields as canonical JSON: sorted names, no spaces, UTF-8.

    Where there are files: of a list of the fields and of the files, in their order, each as its field, name and hash.
    """
    if files:
        both = [fields, [[one.field, one.name, one.sha256] for one in files]]
        return hashlib.sha256(_CANONICAL.encode(both).encode("utf-8")).hexdigest()
    if _are_texts(fields):
        return hashlib.sha256(_CANONICAL_TEXTS.encode(fields)).hexdigest()
    return hashlib.sha256(_CANONICAL.encode(fields).encode("utf-8")).hexdigest()


def _encoded(event: SubmissionAccepted) -> bytes:
    document: dict[str, object] = {
        "id": str(event.id),
        "form": event.form,
        "accepted_at": event.accepted_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "fields": event.fields,
        "fingerprint": event.fingerprint,
        "source": {name: getattr(event.source, name) for name in _SOURCE},
        "control": {name: getattr(event.control, name) for name in CONTROL_MEMBERS},
        "spam": event.spam,
        "receipt_url": event.receipt_url,
    }
    if event.sealed:  # without any an event is what it was before there were any
        document["sealed"] = event.sealed
    if event.files:
        document["files"] = documents_of(event.files)
    if event.verdict is not None:
        document["verdict"] = verdict_document(event.verdict)
    if event.opt_in:
        document["opt_in"] = True
    return _COMPACT_TEXTS.encode(document) if _are_texts(event.fields) else _COMPACT.encode(document).encode("utf-8")


def document_of(event: SubmissionAccepted) -> str:
    """Return the event as a JSON document with every member, its id and its moment written as `encode` writes them.

    A decoded event is not encoded again unless it must: the document is the one that came, unknown members and all.
    """
    return event.received or event.encode().decode("utf-8")


def _are_texts(fields: Mapping[str, JsonValue]) -> bool:
    return all(type(value) is str for value in fields.values())


# Members of these have no defaults, unlike those of `Source` and `Control`: where one is missing, the quotes of an
# unknown one could be taken for its own.
_SourceMembers: type[msgspec.Struct] = msgspec.defstruct("_SourceMembers", [(name, str | None) for name in _SOURCE])
_ControlMembers: type[msgspec.Struct] = msgspec.defstruct(
    "_ControlMembers", [(name, str | None) for name in CONTROL_MEMBERS]
)


class _Members(msgspec.Struct):
    id: UUID
    form: str
    accepted_at: datetime
    fields: dict[str, str]
    fingerprint: str
    source: _SourceMembers  # type: ignore[valid-type]  # made of what `Source` has
    control: _ControlMembers  # type: ignore[valid-type]
    spam: str | None
    receipt_url: str | None
    sealed: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    files: list[FileMembers] | msgspec.UnsetType = msgspec.UNSET  # type: ignore[valid-type]
    verdict: VerdictMembers | msgspec.UnsetType = msgspec.UNSET  # type: ignore[valid-type]
    opt_in: bool | msgspec.UnsetType = msgspec.UNSET


def _decoded_quickly(body: bytes) -> SubmissionAccepted | None:
    """Return the event of a body just as `encode` writes it with fields that are texts, as nearly all are; else None.

    It is a third of the strict way's work, and takes nothing that the strict way refuses: without escapes no text holds
    NUL or a lone surrogate; every name has to be there, but for the four that came last; and
    one that stands twice, or that is not known, has quotes that belong to nothing read.
    """
    if b"\\u" in body or not _HEAD.match(body):
        return None
    try:
        text, read = body.decode("utf-8"), _read_members(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    source, control = astuple(read.source), astuple(read.control)
    missing = (*source, *control, read.spam, read.receipt_url).count(None)
    sealed, named = ({}, 0) if read.sealed is msgspec.UNSET else (read.sealed, 1)
    files, of_files = files_of(read.files)
    verdict, of_verdict = verdict_of(read.verdict)
    if files is None or (verdict is not None and verdict.flaw()):
        return None
    named += of_files + of_verdict + (read.opt_in is not msgspec.UNSET)
    if body.count(b'"') != 2 * (_QUOTED + 2 * len(read.fields) + 2 * len(sealed) + named - missing):
        return None
    event = SubmissionAccepted(
        read.id,
        read.form,
        read.accepted_at,
        read.fields,
        read.fingerprint,
        Source(*source),
        Control(*control),
        read.spam,
        read.receipt_url,
        sealed,
        files,
        verdict,
        read.opt_in is True,
    )
    object.__setattr__(event, "received", text)
    return event


_read_members = msgspec.json.Decoder(_Members).decode


def _decoded_strictly(body: bytes) -> SubmissionAccepted:
    document = document_in(body, most_depth=MAX_DEPTH + 1)  # the event itself is one level around the fields
    event = _of_document(document)
    text = body.decode("utf-8")
    # A member's name may be written with \u escapes, by which older versions of SQLite do not find it.
    is_plain = "\\u" not in text and bool(
        _ID.fullmatch(member(document, "id", str)) and _MOMENT.fullmatch(member(document, "accepted_at", str))
    )
    if is_plain and "source" in document and "control" in document:
        object.__setattr__(event, "received", text)
    return event


def _of_document(document: Mapping[str, JsonValue]) -> SubmissionAccepted:
    key, moment = member(document, "id", str), member(document, "accepted_at", str)
    return SubmissionAccepted(
        id=uuid_of(key, "id"),
        form=member(document, "form", str),
        accepted_at=moment_of(moment, "accepted_at"),
        fields=member(document, "fields", dict),
        fingerprint=member(document, "fingerprint", str),
        source=Source(*texts(document, "source", _SOURCE)),
        control=Control(*texts(document, "control", CONTROL_MEMBERS)),
        spam=text_or_none(document, "spam"),
        receipt_url=text_or_none(document, "receipt_url"),
        sealed=texts_by_name(document, "sealed"),
        files=files_in(document),
        verdict=verdict_in(document),
        opt_in="opt_in" in document and member(document, "opt_in", bool),
    )
