"""Finds what a file is by its content and its name together, and refuses what a form does not take.

Nothing that was uploaded is ever shown in a page: it is handed out as an attachment. So what is told apart here
protects whoever opens it afterwards, on a computer where the ending decides which program does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.files import locks, names, signatures
from gateway.http.errors import Refused, refused
from shared.forms.kinds import ENCRYPTED, Kind, dangers, in_words, table, words

HEAD_BYTES = 64 * 1024
"""How much of a file `found` looks at; fewer only where the file is shorter."""


class Rules(Protocol):
    """What a form says of types: words of `shared.forms.kinds`, none where it takes all that is harmless."""

    @property
    def types(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class FileType:
    """What a file is: a MIME type, and the ending of its name, or where it has none the usual one.

    `danger` says what it does to whoever opens it, `instead` what it holds where that is not what its name says.
    """

    mime: str
    ending: str
    danger: str | None = None
    is_locked: bool = False
    instead: str | None = None


_DANGERS = {
    signatures.HTML: dangers.PAGE,
    signatures.SVG: dangers.SVG,
    signatures.XML: dangers.XML,
    signatures.PROGRAM: dangers.PROGRAM,
}
_USUAL = {signatures.HTML: "html", signatures.SVG: "svg", signatures.XML: "xml", signatures.PROGRAM: "exe"}
_WORDS = {
    signatures.OLE: "another Office document",
    signatures.BINARY: "unknown, or damaged",
    signatures.EMPTY: "empty",
}

_ISO_MEDIA = frozenset({"video/mp4", "audio/mp4", "video/quicktime", "video/3gpp"})
_TOLD_BY_NAME = {
    signatures.OLE: {"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"},
    signatures.BINARY: {"audio/mpeg", "audio/aac", "video/mpeg", "application/x-tar"},
    signatures.HTML: {"text/markdown"},
    "audio/ogg": {"video/ogg"},
    "video/webm": {"audio/webm", "video/x-matroska"},
    "video/x-matroska": {"video/webm", "audio/webm"},
    **dict.fromkeys(_ISO_MEDIA, _ISO_MEDIA),
}
"""By what the head says: what the name may make of it, as the head of both is the same, or has no sign of its own.
Markdown begins with a tag as often as not."""

_ALIKE = ({"image"}, {"audio", "video"}, {"archive"})
"""Families within which a wrong ending does no harm: what opens one of them opens, or refuses, the others."""


def found(head: bytes, name: str) -> FileType:
    """Return what a file is, by its first `HEAD_BYTES` and its clean name."""
    held = signatures.content(head)
    ending = names.ending(name)
    by_name = table.BY_ENDING.get(ending)
    danger = dangers.BY_ENDING.get(ending) or _DANGERS.get(held)
    locked = locks.is_locked(head, held)
    if by_name is None:
        return FileType(held, ending or _usual(held), danger, locked)
    mime = _agreed(held, by_name, is_locked=locked)
    if mime is None:
        return FileType(held, ending, danger, locked, instead=_said(held))
    return FileType(mime, ending, None, locked)


def _agreed(held: str, by_name: Kind, *, is_locked: bool) -> str | None:
    """Return the type on which content and name agree, None where they contradict each other."""
    if by_name.mime == held or by_name.mime in _TOLD_BY_NAME.get(held, ()):
        return by_name.mime
    if held in {signatures.TEXT, signatures.EMPTY} and "text" in by_name.families:
        return by_name.mime
    if is_locked and held == signatures.OLE and ".openxmlformats-" in by_name.mime:
        return by_name.mime
    if _is_zip(held) and (by_name.mime == "application/zip" or (held == "application/zip" and _is_zip(by_name.mime))):
        return by_name.mime
    if held == "application/rtf" and by_name.mime == "application/msword":
        return held
    kind = table.BY_MIME.get(held)
    families = set(kind.families) if kind else set()
    return held if any(families & alike and alike & set(by_name.families) for alike in _ALIKE) else None


def _is_zip(mime: str) -> bool:
    return mime in {"application/zip", "application/epub+zip"} or ".openxmlformats-" in mime or ".opendocument." in mime


def _usual(mime: str) -> str:
    kind = table.BY_MIME.get(mime)
    return kind.endings[0] if kind else _USUAL.get(mime, "")


def _said(mime: str) -> str:
    kind = table.BY_MIME.get(mime)
    return kind.word if kind else _DANGERS.get(mime) or _WORDS[mime]


def check(found: FileType, rules: Rules, field: str | None = None) -> None:
    """Refuse a file of a type that these rules do not take; raises `Refused` (422, `FILE_TYPE_NOT_ALLOWED`)."""
    reason = _reason(found, rules.types)
    if reason is not None:
        raise _not_allowed(reason, field)


def _reason(found: FileType, types: tuple[str, ...]) -> str | None:
    named, taken = words.named_in(types), words.endings_of(types)
    if found.instead and found.mime == signatures.EMPTY:
        return "The file is empty. Please choose another one."
    if found.instead:
        said = f"The file's name ends in .{found.ending}, but its content is of another type ({found.instead})."
        return said if found.danger else f"{said} Send it under its own ending."
    if found.danger and found.ending not in named:
        return f"The file is {found.danger}: that is not taken here." + (f" Send: {in_words(types)}." if taken else "")
    if found.is_locked and ENCRYPTED not in types:
        return "The file is locked with a password, so nobody can look for viruses in it. Send it without one."
    if taken and not _is_taken(found, named, taken):
        return f"A file of this type is not taken here. Send: {in_words(types)}."
    return None


def _is_taken(found: FileType, named: frozenset[str], taken: frozenset[str]) -> bool:
    kind = table.BY_MIME.get(found.mime)
    if found.ending not in table.BY_ENDING:
        return found.ending in named
    return kind is not None and not taken.isdisjoint(kind.endings)


def _not_allowed(reason: str, field: str | None) -> Refused:
    return refused(422, "FILE_TYPE_NOT_ALLOWED", reason, field=field)
