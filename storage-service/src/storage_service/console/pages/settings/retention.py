"""`/console/settings/retention`: how long each form's submissions are kept, what goes next, and a way to stop it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from shared.web.refusals import refused
from storage_service.console.access import asker, needs
from storage_service.console.pages.frame import going, notices
from storage_service.console.pages.frame.notices import Undo
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.parts import Parts
from storage_service.retention.due import COUNT_MOST
from storage_service.retention.outlook import Outlook
from storage_service.retention.pauses import ALL, Pause
from storage_service.retention.rules import Key, Rule, rules_of

HERE = "/console/settings/retention"


@dataclass(frozen=True, slots=True)
class Line:
    """What is said of one rule, in words; `outlook` has its moments."""

    outlook: Outlook
    what: str
    rule: str
    until_then: str
    due: str


@dataclass(frozen=True, slots=True)
class FormLines:
    """A form with its rules: none where all of it is kept. `pause` is that of the form alone."""

    name: str
    title: str
    lines: tuple[Line, ...]
    pause: Pause | None


def add(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views."""

    @views.get(HERE)
    @needs("admin")
    def retention() -> Response:
        outlooks, pauses = parts.outlooks.listed(), parts.pauses.listed()
        shown = _forms(parts, outlooks, pauses)
        return pages.page(
            "settings/retention.html",
            forms=[one for one in shown if one.lines],
            kept=[one.title for one in shown if not one.lines],
            is_unseen=_is_unseen(parts, outlooks),
            paused=pauses.get(ALL),
            now=parts.clock(),
        )

    @views.post(f"{HERE}/pause")
    @needs("admin")
    def pause() -> Response:
        form = _named()
        if form is not None and form not in parts.forms:
            raise refused(422, "FORM_NOT_FOUND", "This form is not in the forms file any more.", field="form")
        parts.pauses.pause(form, asker())
        undo = Undo(f"{HERE}/resume", {"form": form} if form else {})
        notices.tell(f"Nothing more of {form or 'any form'} is erased by itself.", undo)
        return going.to(HERE)

    @views.post(f"{HERE}/resume")
    @needs("admin")
    def resume() -> Response:
        form = _named()
        went_on = parts.pauses.resume(form, asker())
        notices.tell(f"Retention of {form or 'all forms'} goes on." if went_on else "It was not paused.")
        return going.to(HERE)


def _named() -> str | None:
    return request.form.get("form", "")[:64] or None


def _forms(parts: Parts, outlooks: Sequence[Outlook], pauses: Mapping[str, Pause]) -> list[FormLines]:
    lines: dict[str, list[Line]] = {}
    for one in outlooks:
        lines.setdefault(one.key.form, []).append(_line(one))
    titles = {name: form.title for name, form in parts.forms.items()}
    names = [*titles, *(name for name in lines if name not in titles)]
    return [FormLines(name, titles.get(name, name), tuple(lines.get(name, ())), pauses.get(name)) for name in names]


def _is_unseen(parts: Parts, outlooks: Sequence[Outlook]) -> bool:
    """Return whether the file says what nobody has seen yet: for a minute after it was changed."""
    return rules_of(parts.forms) != {one.key: one.rule for one in outlooks}


def _line(one: Outlook) -> Line:
    return Line(one, _words_of(one.key), _rule(one.rule), _rule(one.until_then) if one.until_then else "", _due(one))


def _words_of(key: Key) -> str:
    return key.what.capitalize()


def _rule(rule: Rule) -> str:
    done = "erased" if rule.action == "erase" else "made anonymous"
    return f"{done} after {rule.days} day{'' if rule.days == 1 else 's'}"


def _due(one: Outlook) -> str:
    if one.due is None or one.due > COUNT_MOST:
        return f"more than {COUNT_MOST:,}"
    return f"{one.due:,}" if one.due else "none"
