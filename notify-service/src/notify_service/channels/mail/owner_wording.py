"""What the mail to a form's owner says, and whom its answer goes to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from notify_service.channels.fields_shown import fields_shown
from notify_service.channels.file_links import FileLink, file_page, with_names
from notify_service.channels.mail.addresses import checked_address
from notify_service.channels.mail.composer import ReplyTo
from notify_service.channels.mail.dates import moment_in
from notify_service.channels.mail.fitting import FileShown, fitted
from notify_service.channels.mail.template_set import Words
from notify_service.channels.mail.templates import Templates
from notify_service.channels.mail.weighing import weight_of
from notify_service.channels.submission_page import page_of
from notify_service.transports.failures import Permanent
from shared.contracts import JsonValue, SubmissionAccepted
from shared.contracts.parts.submitted_file import INFECTED, UNSCANNED
from shared.forms import Form, Owner
from shared.forms.placeholders import PLACEHOLDER
from shared.mail_addresses import ADDRESS_MOST
from shared.text import as_shown, one_line

NAME = "owner"

_IN_SUBJECT = 80
"""Characters of a value that stand in a subject."""

_NAME_MOST = 80
_NAMES = ("name", "full_name", "fullname", "your_name")
_HALVES = (
    ("first_name", "last_name"),
    ("firstname", "lastname"),
    ("given_name", "family_name"),
    ("vorname", "nachname"),
)
"""What fields are called that hold a name, or half of one."""

_SUBJECT_MOST, _PAGE_MOST, _LANGUAGE_MOST = 400, 500, 80

_FIELDS_BYTES = 216 * 1024
"""What all fields weigh together at most: a mail has 256 kB."""

_FILES_BYTES, _FILE_BYTES = 64 * 1024, 700
"""What all files weigh of that at most, as they are listed, and what each does beside its names and its address."""


@dataclass(frozen=True, slots=True)
class Told:
    """The files that a mail lists, the numbers of those that it brings, and whether it should have brought some."""

    links: Sequence[FileLink] = ()
    attached: frozenset[int] = frozenset()
    is_failed: bool = False


_NO_FILES = Told()


class OwnerWording:
    """Words the mail from its template; `sender` is the name of who sends it, `timezone` that of owners who name none.

    `console_url` is where the console is reached, whose page of the submission it links to; None for no link.
    It says what was typed, as it was typed: the owner has to see that. All of it is text: nothing in it is read as a
    template, as HTML or as a header.
    """

    def __init__(self, templates: Templates, sender: str, timezone: str, console_url: str | None = None) -> None:
        self._templates = templates
        self._sender = sender
        self._timezone = timezone
        self._console_url = console_url

    def words(self, event: SubmissionAccepted, form: Form, reply_to: ReplyTo | None, told: Told = _NO_FILES) -> Words:
        """Return the fields with their labels, the files, whom an answer goes to, where it came from, its reference."""
        owner = form.owner or Owner()
        language = self._templates.language(NAME, [form.language] if form.language else [])
        files, weight = self._files(event.id, told)
        shown, left_out = fitted(fields_shown(event, form, owner.include), _FIELDS_BYTES - weight)
        values = {
            "subject": _subject(event, owner),
            "form": _line(form.title),
            "who": _who(event, owner),
            "fields": shown,
            "left_out": left_out,
            "files": files,
            "files_left_out": len(told.links) - len(files),
            "are_files_missing": told.is_failed,
            "answer_to": ", ".join(filter(None, (reply_to.name, reply_to.address))) if reply_to else "",
            "is_unverified": event.control.captcha == "unverified",
            "received": moment_in(language, event.accepted_at, owner.timezone or self._timezone),
            "page": _line((event.source.referer or "")[:_PAGE_MOST]),
            "visitor_language": _language(event.source.language),
            "reference": str(event.id),
            "submission_url": page_of(self._console_url, event.id),
            "sender": self._sender,
        }
        return self._templates.render(NAME, language, values)

    def _files(self, submission: UUID, told: Told) -> tuple[list[FileShown], int]:
        """Return the first files, as many as fit into their part of the mail, and what they weigh."""
        shown, weight = list[FileShown](), 0
        for one in told.links:
            url = file_page(self._console_url, submission, one.number)
            weight += _FILE_BYTES + weight_of(one.label) + weight_of(one.name) + 2 * len(url or "")
            if weight > _FILES_BYTES:
                return shown, _FILES_BYTES
            shown.append(_shown(one, url, is_attached=one.number in told.attached))
        return shown, weight


def reply_to_of(event: SubmissionAccepted, form: Form) -> ReplyTo | None:
    """Return whom an answer goes to; None where the form wants none, or there is no address that a header can have."""
    owner = form.owner or Owner()
    if owner.reply_to is False:
        return None
    given = event.fields.get(owner.reply_to) if owner.reply_to else event.reply_address
    if not isinstance(given, str) or len(given) > ADDRESS_MOST:
        return None
    try:
        address = checked_address(given.strip(), form.mail_domains)
    except Permanent:
        return None
    return ReplyTo(_safe_name(event, owner), address) if address.isascii() else None


def _shown(link: FileLink, url: str | None, *, is_attached: bool) -> FileShown:
    scan = (link.file.scan or "").partition(":")[0]
    is_infected, is_unscanned = scan == INFECTED, scan == UNSCANNED
    return FileShown(link.label, link.name, link.size, url, is_attached, is_infected, is_unscanned)


def _subject(event: SubmissionAccepted, owner: Owner) -> str:
    """Return the form's subject, else the page's; empty where the template's counts."""
    if not owner.subject:
        return _line((event.control.subject or "")[:_SUBJECT_MOST])
    values = with_names(event)
    return _line(PLACEHOLDER.sub(lambda found: _in_subject(values.get(found[1])), owner.subject))


def _in_subject(value: JsonValue) -> str:
    if isinstance(value, list):
        value = ", ".join(str(one) for one in value[:_IN_SUBJECT] if isinstance(one, str | int | float))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _line(str(value)[: 2 * _IN_SUBJECT])[:_IN_SUBJECT]


def _who(event: SubmissionAccepted, owner: Owner) -> str:
    """Return a name, or an address; neither where the mail is not to show it."""
    address = event.reply_address if owner.include is None else None
    return _safe_name(event, owner) or _line(address or "")[:_IN_SUBJECT]


def _safe_name(event: SubmissionAccepted, owner: Owner) -> str:
    """Return the name of who submitted; empty where it would look like another address than the one beside it."""
    name = _name_of(event, owner.include)
    return "" if set("@<>") & set(unicodedata.normalize("NFKC", name)) else name


def _language(header: str | None) -> str:
    """Return the first language of an Accept-Language."""
    first = re.split("[,;]", (header or "")[:_LANGUAGE_MOST], maxsplit=1)[0]
    return "" if first == "*" else _line(first)


def _name_of(event: SubmissionAccepted, include: Collection[str] | None) -> str:
    """Return how who submitted is called, by the field of a name or those of its two halves; empty without one."""
    texts = {
        name.lower().replace("-", "_").replace(" ", "_"): _line(value[: 2 * _NAME_MOST])
        for name, value in event.fields.items()
        if isinstance(value, str) and (include is None or name in include)
    }
    whole = next((texts[name] for name in _NAMES if texts.get(name)), "")
    halves = (" ".join(texts[half] for half in both if texts.get(half)) for both in _HALVES)
    return (whole or next(filter(None, halves), ""))[:_NAME_MOST]


def _line(text: str) -> str:
    return one_line(as_shown(text))
