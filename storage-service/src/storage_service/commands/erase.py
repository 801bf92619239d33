"""`python -m storage_service erase …` erases submissions, and what a restored backup has brought back."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from shared import database, failpoints, logs
from shared.terminal import Refused, complain, parser, say
from storage_service import settings
from storage_service.accounts.audit import Audit
from storage_service.commands.program import PROGRAM, migrated, whoever_types
from storage_service.erasing import Erasing, journal_of
from storage_service.erasing.replaying import Replayed, replay
from storage_service.records import Records

IDS_MOST = 1000
TOLD_EVERY = 5000
INTERRUPTED = 130

_HELP = """\
Erase submissions for good, with all that is kept of them; the notify service is told by a running storage service.

Without --yes it only counts. Each erasure is noted in COUNTERFOIL_ERASURES, where that is set. After a backup was
restored, --replay erases again what such a file says, before anything else runs; done twice, it does no more.

  erase ID ID                    how many of these there are
  erase ID ID --yes              erase them
  erase --replay FILE            erase what this file of erasures says\
"""


def erase(arguments: Sequence[str]) -> int:
    """Erase submissions, or again what a restored backup has brought back."""
    given = _parser().parse_args(arguments)
    if bool(given.ids) == (given.replay is not None):
        _parser().error("expected ids of submissions, or --replay with a file")
    if len(given.ids) > IDS_MOST:
        _parser().error(f"{len(given.ids)} ids, {IDS_MOST} at most: run it several times")
    chosen = settings.load(with_broker=False)
    if not chosen.has_database:
        raise Refused("COUNTERFOIL_DATABASE_URL is not set: say in which database, as storage and the console have it")
    logs.configure("storage", level="warning", format=chosen.log_format)
    engine = database.create(chosen.database_url)
    try:
        erasing = Erasing(
            migrated(engine),
            audit=Audit(engine),
            journal=journal_of(chosen.erasures),
            reach=failpoints.from_environment(),
        )
        if given.yes and chosen.erasures is None:
            complain(
                "COUNTERFOIL_ERASURES is not set: this is noted nowhere, and a restored backup would bring it back"
            )
        return _ids(engine, erasing, given) if given.ids else _replay(engine, erasing, given.replay)
    except KeyboardInterrupt:
        complain("interrupted: what was erased is; run it again for the rest")
        return INTERRUPTED
    finally:
        engine.dispose()


def _ids(engine: Engine, erasing: Erasing, given: argparse.Namespace) -> int:
    ids: list[UUID] = list(dict.fromkeys(given.ids))
    known = Records(engine).known(ids, None)
    for one in ids:
        if one not in known:
            complain(f"there is no submission {one} here")
    if given.yes:
        say(f"{erasing.erase(known, whoever_types()):,} erased")
    else:
        say(f"would erase {len(known):,}; --yes does it")
    return 1 if len(known) < len(ids) else 0


def _replay(engine: Engine, erasing: Erasing, file: Path) -> int:
    come, by, told = Replayed(), whoever_types(), 0
    Audit(engine).note(by, "submission.erase", "replay")
    try:
        for come in replay(erasing, file, by):
            if come.lines - told >= TOLD_EVERY:
                told = come.lines
                complain(f"{come.lines:,} lines read, {come.erased:,} erased again")
    except OSError as error:
        raise Refused(f"{file}: cannot be read: {error.strerror}") from error
    say(f"{come.lines:,} lines read, {come.erased:,} erased again; notify will be told of all of them")
    for number in come.named:
        complain(f"{file}: line {number} is broken: expected an id, a space and a moment")
    if come.broken > len(come.named):
        complain(f"{file}: {come.broken:,} lines are broken, the first {len(come.named)} are named")
    return 1 if come.broken else 0


def _parser() -> argparse.ArgumentParser:
    made = parser(PROGRAM, "erase", _HELP)
    made.add_argument("ids", nargs="*", metavar="ID", type=_id, help="a submission, as /v1 names it")
    made.add_argument("--replay", metavar="FILE", type=Path, help="a file of erasures")
    made.add_argument("--yes", action="store_true", help="do it; without, only count")
    return made


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:64]!r} is no id of a submission: a UUID, as /v1 shows it") from None
