"""`python -m storage_service seal …` makes the keys of sealed fields, says which are in use, and rotates them."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shared import failpoints
from shared import settings as shared_settings
from shared.sealing import OpeningKey, key_id_of, new_key
from shared.sealing.keys import KEYS_MOST, OPENING_PREFIX
from shared.sealing.settings import keys_that_open
from shared.terminal import Refused, complain, parser, say
from storage_service.accounts.audit import Audit
from storage_service.commands.program import PROGRAM, opened, whoever_types
from storage_service.sealed.rotating import Rotated, Rotating
from storage_service.sealed.rows import all_rows, count_rows

_HELP = """\
Make the keys of sealed fields, see which are in use, and seal all to the newest one. The keys that open are those of
COUNTERFOIL_OPENING_KEYS, the newest first: the console has them, and nobody else.

  seal new FILE     make a pair: the half that opens goes into FILE, before those that are there, and the half that
                    seals, for the gateways' COUNTERFOIL_SEALING_KEY, is shown
  seal show         the half that seals of the newest key
  seal keys         the keys that anything is sealed to, for how many submissions, and whether each is here
  seal rotate       seal to the newest key what is sealed to others; may be interrupted, and begun again\
"""


def seal(arguments: Sequence[str]) -> int:
    """Make keys of sealed fields, say which are in use, or seal all to the newest."""
    given = _parser().parse_args(arguments)
    if given.what == "new":
        return _new(given.file)
    keys = _keys()
    if given.what == "show":
        say(str(_newest(keys).sealing))
        return 0
    return _in_use(keys) if given.what == "keys" else _rotate(keys)


def _new(file: Path) -> int:
    made = new_key()
    try:
        with _alone_in(file.parent):
            before = file.read_text("ascii") if file.exists() else ""
            if len(before.replace(",", " ").split()) >= KEYS_MOST:
                raise Refused(f"{file}: it has {KEYS_MOST} keys, the most: seal rotate, and remove those not in use")
            _write(file, f"{made.written()}\n{before}")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds something else than keys"
        raise Refused(f"{file}: no key is made: {reason}") from error
    complain(f"{file} opens what is sealed to the key {made.id}. Keep a copy apart: without it nobody ever opens that.")
    complain("COUNTERFOIL_SEALING_KEY of every gateway, once each console has the file:")
    say(str(made.sealing))
    return 0


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep others from making a key there meanwhile: one of the two would be lost."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(file: Path, text: str) -> None:
    """Write a file whole, which its owner alone may read."""
    if any(not line.startswith(OPENING_PREFIX) for line in text.replace(",", " ").split()):
        raise ValueError("no keys")
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(descriptor, "w", encoding="ascii") as target:
        target.write(text)
        target.flush()
        os.fsync(target.fileno())
    Path(draft).replace(file)


def _keys() -> tuple[OpeningKey, ...]:
    env = shared_settings.reader()
    keys = keys_that_open(env)
    shared_settings.sealed(env)
    return keys


def _newest(keys: Sequence[OpeningKey]) -> OpeningKey:
    if not keys:
        raise Refused("there is no key: set COUNTERFOIL_OPENING_KEYS_FILE, as the console has it; seal new makes one")
    return keys[0]


def _in_use(keys: Sequence[OpeningKey]) -> int:
    here, used = {one.id for one in keys}, Counter[str]()
    with opened() as engine:
        for row in all_rows(engine):
            used.update({key_id_of(one) for one in row.sealed.values()})
    for one in keys:
        newest = ", the newest" if one is keys[0] else ""
        say(f"{one.id}\there{newest}\t{_submissions(used[one.id])}")
    for key_id in sorted(used.keys() - here):
        say(f"{key_id or 'unreadable'}\tLOST: not here\t{_submissions(used[key_id])} stay sealed")
    return 1 if used.keys() - here else 0


def _rotate(keys: Sequence[OpeningKey]) -> int:
    newest = _newest(keys)
    with opened() as engine:
        total = count_rows(engine)
        Audit(engine).note(whoever_types(), "seal.rotate", newest.id, count=total)
        done = Rotating(engine, keys, reach=failpoints.from_environment()).run(lambda one: _progress(one, total))
    say(f"{done.values:,} values are sealed anew to {newest.id}; {done.rows:,} submissions were looked at")
    for key_id, count in sorted(done.lost.items()):
        complain(f"the key {key_id or 'unreadable'} is not here: {_submissions(count)} stay sealed to it")
    if done.spoiled:
        complain(f"{done.spoiled:,} values are spoiled: no key opens them")
    return 1 if done.lost or done.spoiled else 0


def _progress(done: Rotated, total: int) -> None:
    end = "" if sys.stderr.isatty() else "\n"
    sys.stderr.write(f"{chr(13) if not end else ''}{done.rows:,} of {total:,} submissions{end}")
    sys.stderr.flush()


def _submissions(count: int) -> str:
    return f"{count:,} submission{'' if count == 1 else 's'}"


def _parser() -> argparse.ArgumentParser:
    made = parser(PROGRAM, "seal", _HELP)
    what = made.add_subparsers(dest="what", required=True, metavar="new|show|keys|rotate")
    new = what.add_parser("new", help="make a pair of keys")
    new.add_argument("file", metavar="FILE", type=Path, help="where the half that opens is kept")
    what.add_parser("show", help="show the half that seals")
    what.add_parser("keys", help="which keys are in use, and which are lost")
    what.add_parser("rotate", help="seal all to the newest key")
    return made
