"""What a confirmation says: its subject, and its body as text and as HTML."""

from __future__ import annotations

import re
from binascii import b2a_qp
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import escape

from notify_service.channels.placeholders import fill
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.text import as_line, as_shown

IN_SUBJECT, IN_TEXT = 80, 500
"""Characters of a value that are repeated in a subject, and in a text."""

MAX_SUBJECT_CHARACTERS = 200

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


@dataclass(frozen=True, slots=True)
class Words:
    """The body of a mail, twice."""

    text: str
    html: str


class Wording:
    """Words a confirmation from the templates beside it; `sender` is the name of who sends it.

    Nothing that a submitter typed stands in it unless the form's own words have a placeholder for it; none of it is
    ever read as a template.
    """

    def __init__(self, sender: str) -> None:
        self._sender = sender
        environment = Environment(
            loader=PackageLoader("notify_service.channels"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._text = environment.get_template("confirmation.txt")
        self._html = environment.get_template("confirmation.html")

    def words(self, event: SubmissionAccepted, form: Form, subject: str) -> Words:
        """Return the body: the form's own text or a thank-you, where the receipt is, and who sent it and why."""
        values = {
            "subject": subject,
            "paragraphs": [part.split("\n") for part in _opening(event, form).split("\n\n")],
            "form": form.title,
            "sender": self._sender,
            "received": f"{event.accepted_at:%-d %B %Y, %H:%M} UTC",
            "reference": str(event.id),
            "receipt_url": event.receipt_url if _ADDRESS.fullmatch(event.receipt_url or "") else None,
        }
        return Words(self._text.render(values), self._html.render(values))


def subject_of(event: SubmissionAccepted, form: Form) -> str:
    """Return the subject: the form's, else a default; the page's own only where the form allows it. One line."""
    from_page = (event.control.subject or "") if form.confirmation.subject_from_page else ""
    if from_page.strip():
        chosen = fill("{subject}", {"subject": from_page}, each=IN_SUBJECT, most=MAX_SUBJECT_CHARACTERS)
    else:
        chosen = fill(form.confirmation.subject, event.fields, each=IN_SUBJECT, most=MAX_SUBJECT_CHARACTERS)
    subject = _one_line(chosen) or _one_line(f"{form.title}: we have your submission")
    cut = subject[:MAX_SUBJECT_CHARACTERS]
    return subject if cut == subject else cut.rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _one_line(text: str) -> str:
    return " ".join(as_line(text).split())


def _opening(event: SubmissionAccepted, form: Form) -> str:
    template = as_shown(form.confirmation.text)
    if not template.strip():
        return f"Thank you. We have received what you sent with the form “{form.title}”."
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
