"""What a confirmation says: its subject, and its body as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notify_service.placeholders import fill
from shared.contracts import JsonValue, SubmissionAccepted
from shared.forms import Form
from shared.forms.labels import label_from, label_of
from shared.text import as_line, as_shown

MAX_ROWS = 100
MAX_LINES = 200
MAX_VALUE_CHARACTERS = 2_000
MAX_SUBJECT_CHARACTERS = 200

_INDENT = "\N{NO-BREAK SPACE}" * 2
_NOTHING = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Row:
    """One submitted field as it is shown."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """The body of a mail, twice."""

    text: str
    html: str


class Wording:
    """Words a confirmation from the templates of this package; `sender` is the name of who sends it.

    Whatever a submitter typed is a value that the templates show: none of it is ever read as a template.
    """

    def __init__(self, sender: str) -> None:
        self._sender = sender
        environment = Environment(
            loader=PackageLoader("notify_service"),
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
        """Return the body: the form's own text or a thank-you, what was submitted, and who sent it and why."""
        opening = fill(form.confirmation.text, event.fields) if form.confirmation.text else _default_opening(form)
        rows = _rows(event, form)
        values = {
            "subject": subject,
            "paragraphs": [part.split("\n") for part in as_shown(opening).strip().split("\n\n")],
            "rows": rows[:MAX_ROWS],
            "more": len(rows) - MAX_ROWS,
            "form": form.title,
            "sender": self._sender,
            "received": f"{event.accepted_at:%-d %B %Y, %H:%M} UTC",
            "reference": str(event.id),
        }
        return Words(self._text.render(values), self._html.render(values))


def subject_of(event: SubmissionAccepted, form: Form) -> str:
    """Return the subject: what the submission asks for, else the form's, else a default; one line if its parts are."""
    chosen = as_line(event.control.subject or fill(form.confirmation.subject, event.fields))
    subject = " ".join(chosen.replace("\t", " ").split(" ")).strip() or f"{form.title}: we have your submission"
    cut = subject[:MAX_SUBJECT_CHARACTERS]
    return subject if cut == subject else cut.rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _default_opening(form: Form) -> str:
    return f"Thank you. We have received what you sent with the form “{form.title}”."


def _rows(event: SubmissionAccepted, form: Form) -> list[Row]:
    """Return the form's own fields in its order, then whatever else was sent."""
    known = form.fields or {}
    names = [name for name in known if name in event.fields] + [name for name in event.fields if name not in known]
    return [Row(_label(name, form), tuple(_lines(event.fields[name]))) for name in names]


def _label(name: str, form: Form) -> str:
    field = (form.fields or {}).get(name)
    return as_shown(label_of(field)) if field else as_shown(label_from(name[:100])).replace("\n", " ")


def _lines(value: JsonValue) -> list[str]:
    lines = list(_shown(value))
    if len(lines) <= MAX_LINES:
        return lines
    return [*lines[:MAX_LINES], f"\N{HORIZONTAL ELLIPSIS} and {len(lines) - MAX_LINES} more lines"]


def _shown(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            label = f"{as_shown(name)[:100]}:".replace("\n", " ")
            lines = list(_shown(inner))
            yield from [f"{label} {lines[0]}"] if len(lines) == 1 else [label, *_indented(lines)]
    elif isinstance(value, list) and value:
        for inner in value:
            first, *others = _shown(inner)
            yield from [f"\N{BULLET} {first}", *_indented(others)]
    else:
        yield from _scalar(value).split("\n")


def _indented(lines: list[str]) -> list[str]:
    return [_INDENT + line for line in lines]


def _scalar(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if value in (None, "", [], {}):
        return _NOTHING
    text = as_shown(str(value))
    if len(text) <= MAX_VALUE_CHARACTERS:
        return text
    return f"{text[:MAX_VALUE_CHARACTERS]}\N{HORIZONTAL ELLIPSIS} ({len(text) - MAX_VALUE_CHARACTERS} more characters)"
