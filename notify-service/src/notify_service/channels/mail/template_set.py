"""Reads all templates there are: those that come with the product, and an operator's own in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from notify_service.channels.mail import template_files
from notify_service.channels.mail.closed_jinja import ClosedJinja, Part, Wrong
from notify_service.channels.mail.jinja_rules import TooMuch
from notify_service.channels.mail.template_files import PARTS, Key
from notify_service.channels.mail.variables import EVERYWHERE, MAILS
from notify_service.channels.mail.weighing import is_too_heavy
from shared.text import as_line

BUILT_IN = Path(__file__).parents[2] / "templates"

MAX_SUBJECT_CHARACTERS = 200


class TemplatesError(Exception):
    """Templates are wrong; the text names each file, its line, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says: its subject, in one line, and its body as text and as HTML, in a language."""

    subject: str
    text: str
    html: str
    language: str


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """The template of one mail in one language."""

    language: str
    subject: Part
    text: Part
    html: Part

    def words(self, values: Mapping[str, object]) -> Words:
        """Return the words of a mail; raises `TooMuch` and `Wrong`. `values["subject"]` is its subject, if any."""
        values = {**values, "language": self.language}
        subject = one_line(str(values.get("subject") or "")) or one_line(self.subject.render(values))
        values["subject"] = subject
        text, html = self.text.render(values), self.html.render(values)
        if is_too_heavy(text, html):
            raise TooMuch("the mail is larger than one may be")
        return Words(subject, text, html, self.language)


TemplateSet: TypeAlias = Mapping[tuple[str, str], MailTemplate]
"""By the name of a mail and a language in small letters."""


def one_line(text: str) -> str:
    """Return a text as a subject: one line, of so many characters at most."""
    line = " ".join(as_line(text).split())
    cut = line[:MAX_SUBJECT_CHARACTERS]
    return line if cut == line else cut.rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def load(folder: Path | None = None) -> TemplateSet:
    """Return the templates, those in `folder` before those of the product, file by file.

    Raises `TemplatesError` with all that is wrong, in lines of `path:line: what`.
    """
    found = template_files.found_in(BUILT_IN, MAILS)
    own = template_files.found_in(folder, MAILS) if folder else template_files.Found()
    files = {**found.files, **own.files}
    problems = [*found.problems, *own.problems, *_incomplete(files)]
    parts = dict[Key, Part]()
    for key, path in files.items():
        try:
            parts[key] = _read(path, *key)
        except Wrong as error:
            problems += [f"{path}:{line}: {what}" for line, what in error.problems]
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise TemplatesError("\n".join(problems))
    names = {(mail, language) for mail, language, _ in files}
    return {one: MailTemplate(_tag(files, *one), *(parts[(*one, part)] for part in PARTS)) for one in sorted(names)}


def _read(path: Path, mail: str, language: str, part: str) -> Part:
    """Return the part that a file says; raises `Wrong`, also where it does not get on with the values it will have."""
    variables = MAILS[mail]
    more = {"language": EVERYWHERE["language"]} if part == "subject.txt" else EVERYWHERE
    jinja = ClosedJinja(is_html=part.endswith(".html"))
    read = jinja.read(template_files.read(path), path, {*variables.full, *more})
    for values in (variables.full, variables.bare):
        try:
            shown = read.render({**values, **more, "language": language})
        except TooMuch as error:
            raise Wrong((1, str(error))) from error
        if not shown.strip():
            raise Wrong((1, "it says nothing"))
    return read


def _incomplete(files: Mapping[Key, Path]) -> Iterator[str]:
    """Say which parts are missing of a mail that is there in a language: a mail in two languages is none."""
    for mail, language, _ in dict.fromkeys((mail, language, "") for mail, language, _ in files):
        there = {part: files[mail, language, part] for part in PARTS if (mail, language, part) in files}
        beside = next(iter(there.values()))
        tag = beside.name.partition(".")[0]
        yield from (f"{beside.parent}/{tag}.{part}: missing" for part in PARTS if part not in there)


def _tag(files: Mapping[Key, Path], mail: str, language: str) -> str:
    return files[mail, language, PARTS[0]].name.partition(".")[0]
