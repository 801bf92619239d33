"""Writes the address that opens a mail program with an answer to a submission: a link of `mailto:` (RFC 6068)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from shared.contracts import Control, reply_address_of
from shared.forms import Form
from shared.mail_addresses import is_address
from shared.text import one_line
from storage_service.console.pages.submission.values import FieldShown, fields_shown
from storage_service.records import Record

LINK_MOST = 1900
"""Characters of the whole link: Windows hands programs no more than 2,048."""

_SUBJECT_MOST = 150
_END = "> …"
_BREAK = "%0D%0A"


def address_of(record: Record, form: Form | None) -> str | None:
    """Return whom an answer goes to; None where there is no address that a mail program takes.

    It is the field that the form names for answers, else what the submission says itself. One address alone: what
    would be several, or a line's end, is none.
    """
    named = form.owner.reply_to if form and form.owner else None
    if isinstance(named, str):
        given = record.fields.get(named)
    else:
        given = reply_address_of(Control(reply_to=record.control.get("reply_to")), record.fields)
    address = given.strip() if isinstance(given, str) else ""
    return address if is_address(address) else None


def mailto(record: Record, form: Form | None, when: str) -> str | None:
    """Return the link: to whom, a subject, and what was submitted as a quote, cut where it would be too long.

    `when` is the moment of the submission in words. None where there is no address.
    """
    address = address_of(record, form)
    if address is None:
        return None
    subject = one_line(f"Re: {form.title if form else record.form}")[:_SUBJECT_MOST]
    link = f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}&body="
    return link + _fitted(["", "", f"On {when}, you wrote:", "", *_quoted(record, form)], LINK_MOST - len(link))


def _quoted(record: Record, form: Form | None) -> Iterator[str]:
    for one in fields_shown(record.fields, form):
        if one.kind != "empty":
            yield from _lines(one)


def _lines(field: FieldShown) -> Iterator[str]:
    lines = (field.text[:LINK_MOST]).split("\n")
    if len(lines) == 1:
        yield f"> {field.label}: {lines[0]}"
        return
    yield f"> {field.label}:"
    yield from (f"> {line}" for line in lines)


def _fitted(lines: list[str], most: int) -> str:
    """Return as many lines as a link has room for: whole characters, and a sign where something is left out."""
    end = _written(_END)
    body = ""
    for line in lines:
        written = _written(line)
        if len(body) + len(written) + len(end) > most:
            return body + _begun(line, most - len(body) - len(end)) + end
        body += written
    return body


def _begun(line: str, most: int) -> str:
    """Return the beginning of a line that there is room for; nothing where that is no more than its sign."""
    room, kept = most - len(_BREAK), 0
    for character in line[:LINK_MOST]:
        room -= len(quote(character, safe=""))
        if room < 0:
            break
        kept += 1
    return _written(line[:kept]) if kept > len("> ") else ""


def _written(line: str) -> str:
    return quote(line, safe="") + _BREAK
