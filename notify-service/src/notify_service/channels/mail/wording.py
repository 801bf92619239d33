"""What a confirmation says: its template, and what the form says itself."""

from __future__ import annotations

import re

from notify_service.channels.file_links import with_names
from notify_service.channels.mail.dates import moment_in
from notify_service.channels.mail.languages import wanted
from notify_service.channels.mail.placeholders import fill
from notify_service.channels.mail.template_set import MAX_SUBJECT_CHARACTERS, Words
from notify_service.channels.mail.templates import Templates
from notify_service.channels.mail.weighing import MAIL_BYTES, fitted
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.text import as_shown

NAME = "confirmation"

IN_SUBJECT, IN_TEXT = 80, 500
"""Characters of what was typed that are repeated in a subject, and in a text, all placeholders together."""

_REST_BYTES = 16 * 1024
"""What all weighs together that is not the form's own text."""

ADDRESS = re.compile(r"https?://[!-~]{1,2000}")


class Wording:
    """Words a confirmation from its template; `sender` is the name of who sends it.

    Nothing that a submitter typed stands in it unless the form's own words have a placeholder for it; none of it is
    ever read as a template.
    """

    def __init__(self, templates: Templates, sender: str) -> None:
        self._templates = templates
        self._sender = sender

    def words(self, event: SubmissionAccepted, form: Form) -> Words:
        """Return the form's own text or a thank-you, where the receipt is, and who sent it and why."""
        language = self._templates.language(NAME, wanted(event, form))
        values = {
            **spoken(event, form),
            "sender": self._sender,
            "received": moment_in(language, event.accepted_at),
            "receipt_url": event.receipt_url if ADDRESS.fullmatch(event.receipt_url or "") else None,
        }
        return self._templates.render(NAME, language, values)


def spoken(event: SubmissionAccepted, form: Form) -> dict[str, object]:
    """Return what the form says itself in a mail to whoever submitted, and by what the submission is known."""
    opening, is_cut = _opening(event, form)
    return {
        "subject": _subject(event, form),
        "paragraphs": [part.split("\n") for part in opening.split("\n\n")] if opening else [],
        "left_out": is_cut,
        "form": form.title,
        "reference": str(event.id),
    }


def _subject(event: SubmissionAccepted, form: Form) -> str:
    """Return the subject where the form has one: its own, or the page's where the form allows that."""
    from_page = (event.control.subject or "") if form.confirmation.subject_from_page else ""
    if from_page.strip():
        return fill("{subject}", {"subject": from_page}, typed=IN_SUBJECT, most=MAX_SUBJECT_CHARACTERS)
    return fill(form.confirmation.subject, with_names(event), typed=IN_SUBJECT, most=MAX_SUBJECT_CHARACTERS)


def _opening(event: SubmissionAccepted, form: Form) -> tuple[str, bool]:
    template = as_shown(form.confirmation.text)
    if not template.strip():
        return "", False
    opening = fill(template, with_names(event), typed=IN_TEXT, most=MAIL_BYTES)
    return fitted(re.sub(r"\n{3,}", "\n\n", opening.strip()), MAIL_BYTES - _REST_BYTES)
