"""`python -m notify_service templates [FORMS]` checks the templates of mails, and names every error with its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from notify_service import settings
from notify_service.channels.mail.templates import ENGLISH, Templates
from notify_service.channels.mail.variables import MAILS, OF_FORMS
from notify_service.channels.opt_in_wording import NAME as OPT_IN
from notify_service.commands.terminal import complain, parser, say
from shared import forms
from shared.forms import Form, file

_HELP = """Check the templates of mails, those in the folder COUNTERFOIL_TEMPLATES before those that come with it.

Warnings say which mails there are not in a language that another mail or a form is in."""

_MEND = "add files for it, or it is in English"


def templates(arguments: Sequence[str]) -> int:
    """Check the templates of mails, and name every error with its line."""
    made = parser("templates", _HELP)
    made.add_argument("forms", nargs="?", type=Path, help="the form definitions; else COUNTERFOIL_FORMS")
    given = made.parse_args(arguments)
    chosen = settings.load_for_preview()
    found = Templates(chosen.templates)
    for warning in [*_of_mails(found, chosen.templates), *_of_forms(found, file.file_at(given.forms or chosen.forms))]:
        complain(warning)
    every = sorted({language for mail in MAILS for language in found.languages(mail)})
    say(f"the templates of mails are fine: {', '.join(MAILS)}, in {', '.join(every)}")
    return 0


def _of_mails(found: Templates, folder: Path | None) -> Iterator[str]:
    every = {language for mail in MAILS for language in found.languages(mail)}
    for mail in MAILS:
        for language in sorted(every - set(found.languages(mail))):
            yield f"{folder}/{mail}: warning: there is no {mail} mail in {language}: {_MEND}"


def _of_forms(found: Templates, path: Path) -> list[str]:
    """Return what is missing for the languages of the forms. Of a file that is wrong another command tells."""
    try:
        content = file.read(path)
        served, text = file.parse(content, path), file.text_of(content, path)
    except forms.FormsError:
        return []
    wrong = [
        (
            ("forms", name, "language"),
            f"in {form.language} there is no {' and no '.join(missing)} mail: {_MEND}",
        )
        for name, form in served.items()
        if (missing := _missing(found, form))
    ]
    return file.in_order(path, text, wrong, kind="warning: ")


def _missing(found: Templates, form: Form) -> list[str]:
    if form.language is None or form.language.lower().partition("-")[0] == ENGLISH:
        return []
    mails = [mail for mail in OF_FORMS if mail != OPT_IN or form.confirmation.opt_in]
    mails += ["digest"] if form.owner and form.owner.digest else []
    return [mail for mail in mails if found.language(mail, [form.language]) == ENGLISH]
