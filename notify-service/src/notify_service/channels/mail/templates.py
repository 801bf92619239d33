"""The words of mails, from templates: a file for each part of a mail, by the name of the mail and its language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, Template, select_autoescape
from jinja2.sandbox import SandboxedEnvironment

from shared.text import as_line

ENGLISH = "en"
"""What every mail can be had in."""

MAX_SUBJECT_CHARACTERS = 200

_BUILT_IN = Path(__file__).parents[2] / "templates"
_PARTS = ("subject.txt", "body.txt", "body.html")


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says: its subject, in one line, and its body as text and as HTML, in a language."""

    subject: str
    text: str
    html: str
    language: str


class Templates:
    """The templates that come with the product."""

    def __init__(self) -> None:
        environment = SandboxedEnvironment(
            loader=FileSystemLoader(_BUILT_IN),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._templates: dict[tuple[str, str], tuple[Template, ...]] = {
            (folder.name, language): tuple(
                environment.get_template(f"{folder.name}/{language}.{part}") for part in _PARTS
            )
            for folder in sorted(_BUILT_IN.iterdir())
            for language in sorted({path.name.partition(".")[0] for path in folder.iterdir()})
        }

    def render(self, name: str, language: str | None, values: Mapping[str, object]) -> Words:
        """Return the words of the mail `name` in a language, else in what that is a kind of (`de` for `de-AT`), else
        in English. `values["subject"]` is the subject, if it is not empty."""
        language = self._nearest(name, language or ENGLISH)
        subject, text, html = self._templates[name, language]
        line = one_line(str(values.get("subject") or "")) or one_line(subject.render(values))
        values = {**values, "subject": line, "language": language}
        return Words(line, text.render(values), html.render(values), language)

    def _nearest(self, name: str, language: str) -> str:
        while language and (name, language) not in self._templates:
            language = language.rpartition("-")[0]
        return language or ENGLISH


def one_line(text: str) -> str:
    """Return a text as a subject: one line, of so many characters at most."""
    line = " ".join(as_line(text).split())
    cut = line[:MAX_SUBJECT_CHARACTERS]
    return line if cut == line else cut.rstrip() + "\N{HORIZONTAL ELLIPSIS}"
