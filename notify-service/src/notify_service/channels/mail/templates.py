"""Words mails by their templates, and follows the folder of an operator's own."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from notify_service.channels.mail import template_set
from notify_service.channels.mail.closed_jinja import Wrong
from notify_service.channels.mail.jinja_rules import TooMuch
from notify_service.channels.mail.template_files import stamp_of
from notify_service.channels.mail.template_set import MailTemplate, TemplatesError, TemplateSet, Words
from notify_service.transports.failures import Permanent

ENGLISH = "en"
"""What every mail can be had in."""

CHECK_S = 1.0
"""How often the folder is looked at."""

_log = structlog.get_logger()


class Templates:
    """The templates of mails, an operator's own in `folder` before those that come with the product.

    A change of the folder is taken over as a whole or not at all. Raises `TemplatesError` where it is wrong at first.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._met = self._seen = stamp_of(folder) if folder else ()
        self._built_in = template_set.load()
        self._current = template_set.load(folder) if folder else self._built_in

    def languages(self, name: str) -> list[str]:
        """Return the languages that the mail `name` can be had in."""
        return [found.language for (mail, _), found in self._current.items() if mail == name]

    def language(self, name: str, wanted: Sequence[str]) -> str:
        """Return the first of the languages wanted that the mail `name` can be had in, as its files call it.

        `de-AT` can be had in `de`. Where it can be had in none of them, it can in English.
        """
        found = (_nearest(self._current, name, one) for one in wanted)
        return next((one.language for one in found if one), ENGLISH)

    def render(self, name: str, language: str | None, values: Mapping[str, object]) -> Words:
        """Return the words of the mail `name` in a language; where it cannot be had in that, in English.

        `values` are those of `variables.MAILS`; with a `subject` that is not empty that is the subject. A template of
        an operator's own that cannot cope with them is logged, and the one that comes with the product stands in.
        Raises `Permanent` where that cannot, either.
        """
        found = _chosen(self._current, name, language)
        try:
            return found.words(values)
        except (Wrong, TooMuch) as error:
            reason = _without_values(error)
            _log.error("a template of a mail does not work", mail=name, language=found.language, reason=reason)
        try:
            return _chosen(self._built_in, name, language).words(values)
        except (Wrong, TooMuch) as error:
            raise Permanent(f"the template of the mail {name} does not work") from error

    def refresh(self) -> None:
        """Look at the folder, and take over what has changed, once it has stayed the same from one look to the next."""
        if self._folder is None:
            return
        met, stamp = self._met, stamp_of(self._folder)
        self._met = stamp
        if stamp == self._seen or stamp != met:
            return
        self._seen = stamp
        try:
            self._current = template_set.load(self._folder)
        except TemplatesError as error:
            _log.error("changed templates are not taken over, those before stay", errors=str(error).splitlines())
        else:
            _log.info("changed templates are taken over", folder=str(self._folder))

    def follow(self, check_s: float = CHECK_S) -> None:
        """Refresh every `check_s` seconds from now on, in a thread of its own that ends with the process."""
        if self._folder is None:
            return
        ticker = threading.Event()

        def look() -> None:
            while not ticker.wait(check_s):
                try:
                    self.refresh()
                except Exception:  # noqa: BLE001 - a bug must not end the following
                    _log.exception("the templates were not looked at")

        threading.Thread(target=look, name="templates", daemon=True).start()


def _chosen(templates: TemplateSet, name: str, language: str | None) -> MailTemplate:
    return _nearest(templates, name, language or ENGLISH) or templates[name, ENGLISH]


def _nearest(templates: TemplateSet, name: str, language: str) -> MailTemplate | None:
    """Return the template in a language, or in what that is a kind of."""
    tag = language.lower()
    while tag:
        if found := templates.get((name, tag)):
            return found
        tag = tag.rpartition("-")[0]
    return None


def _without_values(error: Wrong | TooMuch) -> str:
    """Return what may be logged of an error of rendering: what Python says of a value may repeat what was typed."""
    if isinstance(error, TooMuch):
        return str(error)
    return f"line {error.problems[0][0]}: {type(error.__cause__).__name__}"
