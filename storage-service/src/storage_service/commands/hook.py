"""`python -m storage_service hook …` lists the hooks, ends one, and tells notify of all of them again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from shared.database import iso
from shared.terminal import complain, parser, say
from storage_service.commands.program import PROGRAM, opened, whoever_types
from storage_service.hooks import Hooks, NoHook
from storage_service.hooks.telling import AT_ONCE, TellAgain

_HELP = """\
See which programs are called, end a hook, and tell notify of all of them again.

  hook list        each with who asked for it, its host, its events and forms
  hook end ID      it is called no more
  hook tell        notify learns of all of them anew: after its database was lost, which else takes an hour\
"""


def hook(arguments: Sequence[str]) -> int:
    """List the hooks, end one, or tell notify of all again."""
    made = parser(PROGRAM, "hook", _HELP)
    what = made.add_subparsers(dest="what", required=True, metavar="list|end|tell")
    what.add_parser("list", help="show all hooks, also those that ended lately")
    what.add_parser("end", help="end a hook").add_argument("id", metavar="ID", type=_id)
    what.add_parser("tell", help="tell notify of all hooks again")
    given = made.parse_args(arguments)
    with opened() as engine:
        if given.what == "tell":
            return _tell(TellAgain(engine))
        hooks = Hooks(engine)
        return _list(hooks) if given.what == "list" else _end(hooks, given.id)


def _list(hooks: Hooks) -> int:
    found = hooks.all()
    if not found:
        complain("no hooks: programs ask for them at /v1/hooks")
    now = datetime.now(UTC)
    for one in found:
        forms = "all forms" if one.forms is None else f"forms {','.join(one.forms)}"
        end = "called" if one.is_good(now) else f"ended {iso(one.ended_at) if one.ended_at else 'with its key'}"
        say(f"{one.id}\t{one.owner}\t{one.shown}\t{','.join(one.events)}\t{forms}\t{end}")
    return 0


def _end(hooks: Hooks, key: UUID) -> int:
    try:
        hooks.end(key, whoever_types(), of_others=True)
    except NoHook:
        complain(f"there is no hook {key}: see hook list")
        return 1
    say(f"{key} has ended")
    return 0


def _tell(telling: TellAgain) -> int:
    told = 0
    while some := telling.turn(all_of_them=True):
        told += some
        if some < AT_ONCE:
            break
    say(f"{told} hooks wait in the outbox: storage or the console publishes them at once")
    return 0


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError("expected the id of a hook, as hook list shows it") from None
