"""`python -m storage_service spam …` trains what tells spam, shows how far it is, and goes back to an earlier model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from sqlalchemy import Engine

from shared.database import iso
from shared.terminal import Refused, complain, parser, say
from storage_service.accounts.audit import TARGET_MOST
from storage_service.commands.program import PROGRAM, opened, whoever_types
from storage_service.spam.authors import Authors
from storage_service.spam.models import Models, NoSuchModel, StoredModel, WasRefused
from storage_service.spam.standing import Standing, standing
from storage_service.spam.threads import keep_to_one

_HELP = """\
Spam is told by what people mark, answer and close. A console trains by itself, after every 50 of these; this trains
now, shows how far it is, and takes things back.

  spam standing                  what people said, the model that gateways use, what is missing
  spam train                     train now; a model that is worse than the one before is refused
  spam models                    the last models, newest first
  spam use VERSION               have gateways use this one from now on, within a minute
  spam without AUTHOR            let no label of an account or a key count, and train anew
  spam with AUTHOR               let them count again, and train anew

The exit code is 1 where no model came of it.\
"""


def spam(arguments: Sequence[str]) -> int:
    """Train what tells spam, show how far it is, or go back to an earlier model."""
    given = _parser().parse_args(arguments)
    with opened() as engine:
        if given.what == "standing":
            return _show(standing(engine))
        if given.what == "models":
            return _list(engine)
        if given.what == "use":
            return _use(engine, given.version)
        if given.what in ("without", "with"):
            _count(engine, given.author, counts=given.what == "with")
        return _train(engine)


def _show(now: Standing) -> int:
    say(f"labels that count: {now.good} of no spam, {now.spam} of spam; new since the last training: {now.new_labels}")
    for one in now.authors:
        say(f"  {one.author}\t{one.good} no spam\t{one.spam} spam\t{'' if one.counts else 'left out'}".rstrip())
    if now.in_vain:
        say(f"the last training made no model: {now.in_vain.outcome.words}")
    if now.current is None:
        say(f"no model: {now.missing_to_train.words if now.missing_to_train else 'the next training makes one'}")
        return 0
    say(f"gateways use {_line(now.current)}")
    if now.newest and now.newest.state == "refused":
        say(f"the last one was refused: {now.newest.version}: {now.newest.why}")
    say(now.missing_to_hold.words if now.missing_to_hold else "forms may hold by it")
    return 0


def _list(engine: Engine) -> int:
    found = Models(engine).all()
    if not found:
        complain("there is no model yet: see spam standing")
    for one in found:
        say(f"{_line(one)}\t{one.state}{f': {one.why}' if one.why else ''}")
    return 0


def _use(engine: Engine, version: str) -> int:
    try:
        Models(engine).make_current(version, whoever_types())
    except NoSuchModel:
        raise Refused(f"there is no model {version!r}: see spam models") from None
    except WasRefused as error:
        raise Refused(f"{version} was refused when it was trained: {error}") from None
    say(f"gateways use {version} within a minute; the next training begins after 50 new labels")
    return 0


def _count(engine: Engine, author: str, *, counts: bool) -> None:
    authors, by = Authors(engine), whoever_types()
    known = {one.author for one in standing(engine).authors} | set(standing(engine).left_out)
    if author not in known:
        raise Refused(f"nobody called {author!r} has said anything of spam: see spam standing")
    changed = authors.take_in(author, by) if counts else authors.leave_out(author, by)
    if not changed:
        complain(f"what {author} says {'counts' if counts else 'does not count'} already")


def _train(engine: Engine) -> int:
    keep_to_one()
    from storage_service.spam.training import Training  # noqa: PLC0415 - numpy, which no other command needs

    outcome = Training(engine).run(whoever_types())
    say(f"{outcome.kind}: {outcome.words}")
    return 0 if outcome.kind == "trained" else 1


def _line(one: StoredModel) -> str:
    told = one.evaluation
    asked = f"of {told['good']} good ones it would have held {told['lost']}, of {told['spam']} spam {told['caught']}"
    without = f", without {', '.join(one.without_authors)}" if one.without_authors else ""
    return f"{one.version}\t{iso(one.made_at)} by {one.made_by}\t{one.good} good, {one.spam} spam{without}\t{asked}"


def _parser() -> argparse.ArgumentParser:
    made = parser(PROGRAM, "spam", _HELP)
    what = made.add_subparsers(dest="what", required=True, metavar="standing|train|models|use|without|with")
    for name, does in (("standing", "show how far it is"), ("train", "train now"), ("models", "show the last models")):
        what.add_parser(name, help=does)
    what.add_parser("use", help="have gateways use another model").add_argument("version", metavar="VERSION")
    for name, does in (("without", "let nothing count that somebody said"), ("with", "let it count again")):
        what.add_parser(name, help=does).add_argument("author", metavar="AUTHOR", type=_author)
    return made


def _author(text: str) -> str:
    if not 0 < len(text) <= TARGET_MOST:
        raise argparse.ArgumentTypeError("expected the name of an account or a key")
    return text
