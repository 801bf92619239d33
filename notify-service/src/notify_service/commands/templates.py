"""`python -m notify_service templates [FORMS]` checks the templates of mails, and names every error with its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from notify_service import settings
from notify_service.channels.mail.templates import ENGLISH, Templates
from notify_service.channels.mail.variables import MAILS
from notify_service.commands.terminal import complain, parser, say
from shared import forms
from shared.forms import Forms

_HELP = """Check the templates of mails, those in the folder COUNTERFOIL_TEMPLATES before those that come with it.

Warnings say which mails there are not in a language that another mail or a form is in."""


def templates(arguments: Sequence[str]) -> int:
    """Check the templates of mails, and name every error with its line."""
    made = parser("templates", _HELP)
    made.add_argument("forms", nargs="?", type=Path, help="the form definitions; else COUNTERFOIL_FORMS")
    given = made.parse_args(arguments)
    chosen = settings.load_for_preview()
    found = Templates(chosen.templates)
    for warning in [*_of_mails(found), *_of_forms(found, _forms(given.forms or chosen.forms))]:
        complain(warning)
    every = sorted({language for mail in MAILS for language in found.languages(mail)})
    say(f"the templates of mails are fine: {', '.join(MAILS)}, in {', '.join(every)}")
    return 0


def _forms(path: Path) -> Forms:
    """Return the forms; none where they are wrong, which `python -m shared.forms` says."""
    try:
        return forms.load(forms.file_at(path))
    except forms.FormsError:
        return {}


def _of_mails(found: Templates) -> Iterator[str]:
    every = {language for mail in MAILS for language in found.languages(mail)}
    for mail in MAILS:
        for language in sorted(every - set(found.languages(mail))):
            yield f"warning: the mail {mail} is in English where {language} is asked for: it has no {mail}/{language}.…"


def _of_forms(found: Templates, served: Forms) -> Iterator[str]:
    for name, form in served.items():
        for mail in MAILS:
            if form.language and found.language(mail, [form.language]) == ENGLISH != form.language.split("-")[0]:
                yield (
                    f"warning: forms.{name}.language: the mail {mail} cannot be had in {form.language}, and is in "
                    f"English: add {mail}/{form.language}.… to the folder COUNTERFOIL_TEMPLATES"
                )
