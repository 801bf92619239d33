"""`python -m storage_service retention …` shows what will be erased by itself, pauses that, and goes on."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence

from sqlalchemy import Engine

from shared.database import iso
from shared.forms import NAME as FORM_NAME
from shared.terminal import Refused, complain, parser, say
from storage_service.commands.program import PROGRAM, opened, whoever_types
from storage_service.retention.due import COUNT_MOST
from storage_service.retention.outlook import Outlook, Outlooks
from storage_service.retention.pauses import ALL, Pauses
from storage_service.retention.rules import Rule

_HELP = """\
Show what is erased by itself, or made anonymous, as the forms file says it and a console has seen it; and stop that.

  retention show                 each rule: what is due, when it takes the next one, the last run
  retention pause [FORM]         have nothing more erased by itself, of a form or of all
  retention resume [FORM]        go on\
"""


def retention(arguments: Sequence[str]) -> int:
    """Show what is erased by itself, pause that, or go on."""
    given = _parser().parse_args(arguments)
    with opened() as engine:
        if given.what == "show":
            return _show(engine)
        return _pause(engine, given.form) if given.what == "pause" else _resume(engine, given.form)


def _show(engine: Engine) -> int:
    if pause := Pauses(engine).listed().get(ALL):
        complain(f"paused for all forms since {iso(pause.at)} by {pause.by}")
    found = Outlooks(engine).listed()
    if not found:
        complain('nothing is erased by itself: no console has seen a form with retention = "180 days"')
    for one in found:
        say(f"{one.key.form}\t{one.key.what}\t{_rule(one)}\t{_due(one)}\t{_next(one)}\t{_last(one)}")
    return 0


def _pause(engine: Engine, form: str | None) -> int:
    if form is not None:
        _expect(form, {one.key.form for one in Outlooks(engine).listed()})
    is_new = Pauses(engine).pause(form, whoever_types())
    say(f"nothing more of {form or 'any form'} is erased by itself" if is_new else "it was paused already")
    return 0


def _expect(form: str, known: Collection[str]) -> None:
    """Refuse a form without a rule: who mistypes a name must not believe that something is kept for a dispute."""
    if form not in known:
        there = ", ".join(sorted(known)) or "none"
        raise Refused(
            f"no form {form!r} has a retention that a console has seen, so nothing was paused. Forms: {there}"
        )


def _resume(engine: Engine, form: str | None) -> int:
    if not Pauses(engine).resume(form, whoever_types()):
        complain(f"{form or 'retention as a whole'} was not paused: see retention show")
        return 1
    say(f"retention of {form or 'all forms'} goes on")
    return 0


def _rule(one: Outlook) -> str:
    if one.counts_at is None:
        return _words(one.rule)
    before = f", until then {_words(one.until_then)}" if one.until_then else ""
    return f"{_words(one.rule)} from {iso(one.counts_at)} on{before}"


def _words(rule: Rule) -> str:
    return f"{rule.action} after {rule.days} day{'s' if rule.days > 1 else ''}"


def _due(one: Outlook) -> str:
    return f"more than {COUNT_MOST} due" if one.due is None or one.due > COUNT_MOST else f"{one.due} due"


def _next(one: Outlook) -> str:
    if one.pause:
        return f"paused since {iso(one.pause.at)} by {one.pause.by}"
    return f"next {iso(one.next_at)}" if one.next_at else "nothing to come"


def _last(one: Outlook) -> str:
    if one.going_on is not None:
        return f"going on: {one.going_on} so far"
    return f"last {one.last_count} at {iso(one.last_at)}" if one.last_at else "none yet"


def _parser() -> argparse.ArgumentParser:
    made = parser(PROGRAM, "retention", _HELP)
    what = made.add_subparsers(dest="what", required=True, metavar="show|pause|resume")
    what.add_parser("show", help="show each rule, and what is to come of it")
    for name, does in (("pause", "have nothing more erased by itself"), ("resume", "go on")):
        one = what.add_parser(name, help=does)
        one.add_argument("form", metavar="FORM", nargs="?", type=_form, help="a form alone; without, all")
    return made


def _form(text: str) -> str:
    if not FORM_NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("expected the name of a form")
    return text
