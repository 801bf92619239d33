"""`python -m storage_service files …` compares the database with the store of files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine

from shared import database, logs
from shared.database import iso
from shared.files import FileStore, StoreUnavailable, store_at
from shared.forms import size_text
from shared.terminal import Refused, complain, parser, say
from storage_service import settings
from storage_service.commands.program import PROGRAM, migrated
from storage_service.sweeping import claim, state
from storage_service.sweeping.checking import check, unneeded

TOLD_EVERY = 1000
INTERRUPTED = 130

_HELP = """\
Compare the database with the store of files, COUNTERFOIL_FILES_URL. No file is changed.

  files check                    whether each file of a submission is in the store, with its size
  files check --hash             whether its content is the same, too: this reads all of them
  files orphans                  what is in the store that no submission and no parked message names by now
  files claim                    says that the store is this database's alone, where orphans stay because two had it

What an orphan seems to be may belong to a submission that is not stored yet. The console removes orphans by itself,
once that cannot be. The exit code of `check` is 1 where a file is missing, or is another one.\
"""
_WORDS = {"missing": "is not in the store", "size": "has another size", "hash": "is another file"}


def files(arguments: Sequence[str]) -> int:
    """Compare the database with the store of files."""
    given = _parser().parse_args(arguments)
    if given.hash and given.what != "check":
        _parser().error("--hash belongs to check")
    try:
        with _opened() as (engine, store):
            if given.what == "claim":
                return _claim(engine, store)
            return _check(engine, store, by_hash=given.hash) if given.what == "check" else _orphans(engine, store)
    except StoreUnavailable as error:
        raise Refused(str(error)) from error
    except KeyboardInterrupt:
        complain("interrupted: not all was looked at")
        return INTERRUPTED


@contextmanager
def _opened() -> Iterator[tuple[Engine, FileStore]]:
    chosen = settings.load(with_broker=False)
    logs.configure("storage", level="warning", format=chosen.log_format)
    if chosen.files is None:
        raise Refused("COUNTERFOIL_FILES_URL is not set: there is no store of files")
    engine = database.create(chosen.database_url)
    try:
        yield migrated(engine), store_at(chosen.files)
    finally:
        engine.dispose()


def _check(engine: Engine, store: FileStore, *, by_hash: bool) -> int:
    count = size = flaws = 0
    for one in check(engine, store, by_hash=by_hash):
        count, size = count + 1, size + one.size
        if one.flaw:
            flaws += 1
            say(f"submission {one.submission}, file {one.number}: {one.key} {_WORDS[one.flaw]}")
        if count % TOLD_EVERY == 0:
            complain(f"{count:,} files looked at, {size_text(size)}, {flaws:,} not right")
    say(f"{_files(count)}, {size_text(size)}: {f'{flaws:,} are not right' if flaws else 'all are in the store'}")
    return 1 if flaws else 0


def _orphans(engine: Engine, store: FileStore) -> int:
    count = size = 0
    for one in unneeded(engine, store):
        count, size = count + 1, size + one.size
        say(f"{iso(one.put_at)}  {one.size:>12,}  {one.key}")
    say(f"{_files(count)}, {size_text(size)}, that no submission and no parked message names by now")
    return 0


def _claim(engine: Engine, store: FileStore) -> int:
    with database.classified(), database.reading(engine).connect() as connection:
        swept = state.read(connection)
    claim.claim(store, swept.listed_for if swept else None)
    say("the store is this database's: what no submission and no parked message names goes in a day or two")
    return 0


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"


def _parser() -> argparse.ArgumentParser:
    made = parser(PROGRAM, "files", _HELP)
    made.add_argument("what", choices=("check", "orphans", "claim"), help="what to do")
    made.add_argument("--hash", action="store_true", help="read each file, and compare its hash")
    return made
