"""What a confirmation says: its template, and what the form says itself."""

from __future__ import annotations

import re
from binascii import b2a_qp

from markupsafe import escape

from notify_service.channels.mail.placeholders import fill
from notify_service.channels.mail.templates import MAX_SUBJECT_CHARACTERS, Templates, Words
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.text import as_shown

IN_SUBJECT, IN_TEXT = 80, 500
"""Characters of a value that are repeated in a subject, and in a text."""

MAIL_BYTES = 256 * 1024
"""What a mail weighs at most, as it is sent, its headers and both its bodies."""

LEFT_OUT = "\N{HORIZONTAL ELLIPSIS} The rest is left out: a mail may not be longer."

_REST_BYTES = 16 * 1024
"""What all weighs together that is not the form's own text."""

_PIECE = 500
"""Characters that are weighed at once."""

_LINE_BYTES = 80
"""What a line's end brings with it in HTML."""

_ADDRESS = re.compile(r"https?://[!-~]{1,2000}")


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
        opening = _opening(event, form)
        values = {
            "subject": _subject(event, form),
            "paragraphs": [part.split("\n") for part in opening.split("\n\n")] if opening else [],
            "form": form.title,
            "sender": self._sender,
            "received": f"{event.accepted_at:%-d %B %Y, %H:%M} UTC",
            "reference": str(event.id),
            "receipt_url": event.receipt_url if _ADDRESS.fullmatch(event.receipt_url or "") else None,
        }
        return self._templates.render("confirmation", None, values)


def _subject(event: SubmissionAccepted, form: Form) -> str:
    """Return the subject where the form has one: its own, or the page's where the form allows that."""
    from_page = (event.control.subject or "") if form.confirmation.subject_from_page else ""
    if from_page.strip():
        return fill("{subject}", {"subject": from_page}, each=IN_SUBJECT, most=MAX_SUBJECT_CHARACTERS)
    return fill(form.confirmation.subject, event.fields, each=IN_SUBJECT, most=MAX_SUBJECT_CHARACTERS)


def _opening(event: SubmissionAccepted, form: Form) -> str:
    template = as_shown(form.confirmation.text)
    if not template.strip():
        return ""
    opening = fill(template, event.fields, each=IN_TEXT, most=MAIL_BYTES)
    return _fitted(re.sub(r"\n{3,}", "\n\n", opening.strip()), MAIL_BYTES - _REST_BYTES)


def _fitted(text: str, most: int) -> str:
    """Return as much of a text as fits into so many bytes of a mail, and a line that says so where it is not all."""
    for at in range(0, len(text), _PIECE):
        most -= _weight(text[at : at + _PIECE])
        if most < 0:
            return f"{text[:at].rstrip()}\n\n{LEFT_OUT}"
    return text


def _weight(piece: str) -> int:
    """Return how many bytes of a mail a piece of its text becomes at most: encoded, once as text and once in HTML."""
    bodies = (b2a_qp(body.encode("utf-8", "surrogatepass"), istext=False) for body in (piece, str(escape(piece))))
    return sum(map(len, bodies)) + _LINE_BYTES * piece.count("\n") + _LINE_BYTES
