"""`python -m storage_service key …` makes keys for the API, lists them, and ends them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

from shared import settings
from shared.database import iso
from shared.forms import NAME as FORM_NAME
from shared.forms import FormsError, load
from shared.forms import settings as form_settings
from shared.terminal import Refused, complain, parser, say
from storage_service.accounts.asker import SCOPES
from storage_service.accounts.keys import (
    ADMIN_DAYS_MOST,
    DAYS_MOST,
    FORMS_MOST,
    NAME_EXPECTED,
    Key,
    Keys,
    NameTaken,
    is_name,
)
from storage_service.commands.program import PROGRAM, opened, whoever_types
from storage_service.hooks import Hooks

_HELP = f"""\
Make keys for the API, see which there are, and end them. A key is shown once, and only its hash is kept.

  key add NAME --scopes read,export               a key for all forms, without an end
  key add NAME --scopes read --forms contact,jobs --days 90
  key list                                        each with its scopes, forms, end and last use
  key end NAME                                    it opens nothing from now on

Scopes: {", ".join(SCOPES)}. A key with admin lasts {ADMIN_DAYS_MOST} days at most.\
"""


def key(arguments: Sequence[str]) -> int:
    """Make keys for the API, list them, or end one."""
    given = _parser().parse_args(arguments)
    with opened() as engine:
        keys = Keys(engine, ended=Hooks(engine).end_with_key)
        if given.what == "add":
            return _add(keys, given)
        return _list(keys) if given.what == "list" else _end(keys, given.name)


def _add(keys: Keys, given: argparse.Namespace) -> int:
    if "admin" in given.scopes and (given.days or 0) > ADMIN_DAYS_MOST:
        _parser().error(f"--days: a key with the scope admin lasts {ADMIN_DAYS_MOST} days at most")
    if "admin" in given.scopes and given.forms is not None:
        _parser().error("--forms: a key with the scope admin is for all forms")
    _expect_forms(given.forms or ())
    try:
        made = keys.add(given.name, given.scopes, given.forms, given.days, by=whoever_types())
    except NameTaken:
        complain(f"there is a key {given.name!r} already, or there was one: choose another name")
        return 1
    complain("This key is shown once:")
    say(made)
    return 0


def _expect_forms(named: Sequence[str]) -> None:
    """Refuse a form that is not in the file, where there is one here: such a key would open nothing."""
    env = settings.reader()
    path = form_settings.forms_file(env)
    settings.sealed(env)
    if not named or not path.exists():
        return
    try:
        forms = load(path)
    except FormsError as error:
        raise Refused(str(error)) from error
    if unknown := [one for one in named if one not in forms]:
        known = ", ".join(forms) or "none"
        raise Refused(f"--forms: there is no form {unknown[0][:64]!r} in {path}. There are: {known}")


def _list(keys: Keys) -> int:
    found = keys.listed()
    if not found:
        complain("no keys yet, beside those of the environment: key add NAME --scopes read")
    now = datetime.now(UTC)
    for one in found:
        forms = "all forms" if one.forms is None else f"forms {','.join(one.forms)}"
        used = f"used {iso(one.last_used_at)}" if one.last_used_at else "never used"
        say(f"{one.name}\t{','.join(one.scopes)}\t{forms}\t{_end_of(one, now)}\t{used}")
    return 0


def _end_of(one: Key, now: datetime) -> str:
    if one.ended_at:
        return f"ended {iso(one.ended_at)}"
    if one.expires_at is None:
        return "no end"
    return f"{'expires' if one.is_good(now) else 'expired'} {iso(one.expires_at)}"


def _end(keys: Keys, name: str) -> int:
    if not keys.end(name, by=whoever_types()):
        complain(f"there is no key {name[:100]!r} that opens anything: see key list")
        return 1
    say(f"{name} has ended")
    return 0


def _parser() -> argparse.ArgumentParser:
    made = parser(PROGRAM, "key", _HELP)
    what = made.add_subparsers(dest="what", required=True, metavar="add|list|end")
    add = what.add_parser("add", help="make a key, and show it once")
    add.add_argument("name", metavar="NAME", type=_name)
    add.add_argument("--scopes", metavar="SCOPE,…", type=_scopes, required=True, help=", ".join(SCOPES))
    add.add_argument("--forms", metavar="FORM,…", type=_forms, help="of these forms alone; without, of all")
    add.add_argument("--days", metavar="N", type=_days, help="how long it is good; without, until it is ended")
    what.add_parser("list", help="show all keys, also those that have ended")
    what.add_parser("end", help="end a key").add_argument("name", metavar="NAME")
    return made


def _name(text: str) -> str:
    if not is_name(text):
        raise argparse.ArgumentTypeError(NAME_EXPECTED)
    return text


def _scopes(text: str) -> list[str]:
    found = list(dict.fromkeys(part.strip() for part in text.split(",")))
    if unknown := [one for one in found if one not in SCOPES]:
        raise argparse.ArgumentTypeError(f"{unknown[0][:64]!r} is no scope: expected some of {', '.join(SCOPES)}")
    return found


def _forms(text: str) -> list[str]:
    found = list(dict.fromkeys(part.strip() for part in text.split(",")))
    if len(found) > FORMS_MOST or not all(map(FORM_NAME.fullmatch, found)):
        raise argparse.ArgumentTypeError(f"expected 1 to {FORMS_MOST} names of forms, with commas between")
    return found


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= DAYS_MOST):
        raise argparse.ArgumentTypeError(f"expected a number of days from 1 to {DAYS_MOST}")
    return int(text)
