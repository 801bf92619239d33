"""Checks and cleans what people write beside a submission."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from shared.mail_addresses import ADDRESS_MOST, is_address
from shared.query.tree import QUOTES
from shared.text import as_line, as_shown, flaw_of
from storage_service.records.folding import folded_address, folded_label

LABELS_MOST = 20
"""Labels of one submission."""

LABEL_MOST = 64
"""Characters of a label."""

NOTE_MOST = 10_000
"""Characters of a note."""

NOTES_MOST = 500
"""Notes on one submission: all of them are shown with it."""

_RAW_MOST = 4 * LABEL_MOST


class BadValue(ValueError):
    """A value that is not taken. `member` is what it was for, `reason` says what is expected; both may be shown."""

    def __init__(self, member: str, reason: str) -> None:
        super().__init__(f"{member}: {reason}")
        self.member = member
        self.reason = reason


def labels_of(member: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return labels, each once, in the order in which they are compared; raises `BadValue`."""
    if len(texts) > LABELS_MOST:
        raise BadValue(member, f"{len(texts)} labels, {LABELS_MOST} at most")
    return in_order(_label(member, one) for one in texts)


def in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Return labels, the first of those that are the same, in the order in which they are compared."""
    found = dict[str, str]()
    for one in labels:
        found.setdefault(folded_label(one), one)
    return tuple(found[key] for key in sorted(found))


def assignee_of(text: str) -> str:
    """Return an address in small letters, or nothing for nobody; raises `BadValue`."""
    if not text.strip():
        return ""
    address = folded_address(text) if len(text) <= ADDRESS_MOST else ""
    if not is_address(address):
        raise BadValue("assignee", "expected a mail address such as ada@example.org, or null for nobody")
    return address


def note_of(text: str) -> str:
    """Return a note as it is kept: lines end with line feeds, no character controls a terminal. Raises `BadValue`."""
    if len(text) > NOTE_MOST:
        raise BadValue("text", f"{len(text)} characters, {NOTE_MOST} at most")
    if flaw := flaw_of(text):
        raise BadValue("text", flaw)
    cleaned = as_shown(text).strip()
    if not cleaned:
        raise BadValue("text", "expected some text")
    return cleaned


def _label(member: str, text: str) -> str:
    if len(text) > _RAW_MOST:
        raise BadValue(member, f"a label has {len(text)} characters, {LABEL_MOST} at most")
    if flaw := flaw_of(text):
        raise BadValue(member, flaw)
    label = " ".join(unicodedata.normalize("NFC", as_line(text)).split())
    if not label:
        raise BadValue(member, "expected labels with a character that can be seen")
    if len(label) > LABEL_MOST:
        raise BadValue(member, f"a label has {len(label)} characters, {LABEL_MOST} at most")
    if any(sign in QUOTES for sign in label):
        raise BadValue(member, 'expected labels without quotes such as ": no query could ask for them')
    return label
