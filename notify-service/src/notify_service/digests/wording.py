"""What a digest says: a line and a link for each submission, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from notify_service.channels.mail.dates import moment_in
from notify_service.channels.mail.fitting import LineShown
from notify_service.channels.mail.template_set import Words
from notify_service.channels.mail.templates import Templates
from notify_service.channels.mail.weighing import weight_of
from notify_service.channels.submission_page import page_of
from notify_service.digests.lines import Line
from shared.forms import Form, Owner
from shared.text import one_line

NAME = "digest"

_LINES_BYTES, _LINE_BYTES = 200 * 1024, 800
"""What all lines weigh together at most, and what each brings with it: a mail has 256 kB."""


@dataclass(frozen=True, slots=True)
class Told:
    """One submission that a digest tells of."""

    id: UUID
    accepted_at: datetime
    line: Line


@dataclass(frozen=True, slots=True)
class Digested:
    """What a digest tells: the first submissions, and of how many. `is_many` says that they came too fast for a mail
    each. `unsubscribe_url` is where its reader ends such mails."""

    told: Sequence[Told]
    count: int
    is_many: bool = False
    unsubscribe_url: str | None = None


class DigestWording:
    """Words the mail from its template; `sender` and `timezone` as for a mail about one submission.

    `console_url` is where the console is reached, to which it links; None for no links.
    """

    def __init__(self, templates: Templates, sender: str, timezone: str, console_url: str | None = None) -> None:
        self._templates = templates
        self._sender = sender
        self._timezone = timezone
        self._console_url = console_url

    def words(self, digested: Digested, form: Form) -> Words:
        """Return the words; raises `Permanent` where there can be none."""
        language = self._templates.language(NAME, [form.language] if form.language else [])
        timezone = (form.owner or Owner()).timezone or self._timezone
        lines = self._lines(digested.told, language, timezone)
        values = {
            "form": one_line(form.title),
            "count": digested.count,
            "lines": lines,
            "more": digested.count - len(lines),
            "is_many": digested.is_many,
            "list_url": self._list_of(form),
            "unsubscribe_url": digested.unsubscribe_url,
            "sender": self._sender,
        }
        return self._templates.render(NAME, language, values)

    def _lines(self, told: Sequence[Told], language: str, timezone: str) -> list[LineShown]:
        """Return the first lines, as many as fit into the mail."""
        shown, weight = list[LineShown](), 0
        for one in told:
            url, received = page_of(self._console_url, one.id), moment_in(language, one.accepted_at, timezone)
            line = LineShown(one_line(one.line.who), one_line(one.line.words), received, url)
            weight += _LINE_BYTES + weight_of(line.who) + weight_of(line.words) + 2 * len(url or "")
            if weight > _LINES_BYTES:
                break
            shown.append(line)
        return shown

    def _list_of(self, form: Form) -> str | None:
        """Return where the console lists a form."""
        if self._console_url is None:
            return None
        return f"{self._console_url}/console/inbox?q={quote(f'form:{form.name} -is:spam')}"
