"""`python -m <service> parked …` lets an operator deal with parked messages from a terminal."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

from sqlalchemy import Engine

from shared import failpoints
from shared.database import Migrations
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.rabbitmq import RabbitMQ
from shared.parked.lazy_publisher import LazyPublisher
from shared.parked.limits import LIMIT_MOST, NOTE_MOST
from shared.parked.messages import ParkedMessages, Reopen, reopen_nothing
from shared.parked.printing import listing, one_line, page
from shared.parked.repository import ParkedRepository
from shared.parked.tables import ParkedTables

OpenMessages: TypeAlias = Callable[[bool], AbstractContextManager[ParkedMessages]]
"""Opens the parked messages for one command; with True it can publish, too."""

PUBLISH_TIMEOUT_S = 15.0
"""The first publish waits for a connection, too."""


class Refused(Exception):
    """The command cannot run as things are; the text says why, and how to mend it."""


@contextmanager
def open_messages(
    engine: Engine,
    tables: ParkedTables,
    migrations: Migrations,
    broker_url: str,
    *,
    name: str,
    reopen: Reopen = reopen_nothing,
) -> Iterator[ParkedMessages]:
    """Open the parked messages for one command, connected to the broker when it first publishes; raises `Refused`."""
    if migrations.pending(engine):
        raise Refused("the database has not been migrated: run the command `migrate` first")
    publisher = LazyPublisher(RabbitMQ(broker_url, name=name))
    try:
        repository = ParkedRepository(engine, tables)
        yield ParkedMessages(
            repository,
            publisher,
            reopen=reopen,
            reach=failpoints.from_environment(),
            publish_timeout_s=PUBLISH_TIMEOUT_S,
        )
    finally:
        publisher.close()
        engine.dispose()


def run(program: str, arguments: Sequence[str], open_parked: OpenMessages) -> int:
    """Do what the arguments ask for, and return the exit code: 0, 1 where something was not done, 2 where nothing."""
    given = _parser(program).parse_args(arguments)
    try:
        with open_parked(given.command == "replay") as parked:
            done: bool = given.act(parked, given)
    except (DependencyUnavailable, Refused) as error:
        print(error, file=sys.stderr)  # noqa: T201 - what a command is for
        return 2
    return 0 if done else 1


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description="What could not be worked on, and waits for a person.")
    commands = parser.add_subparsers(dest="command", required=True)
    listed = commands.add_parser("list", help="show what waits, newest first")
    listed.add_argument("--state", choices=["waiting", "replayed", "discarded", "all"], default="waiting")
    listed.add_argument("--reason", metavar="TEXT", type=_text, help="those whose reason holds this text")
    listed.add_argument("--json", action="store_true", help="one JSON object a line, all of each")
    listed.set_defaults(act=_list)
    shown = commands.add_parser("show", help="show one: content, headers, and what happened to it")
    shown.add_argument("id", type=_text)
    shown.add_argument("--body", action="store_true", help="write its bytes and nothing else")
    shown.set_defaults(act=_show)
    replay = commands.add_parser("replay", help="publish to the work queue again, byte for byte")
    _choose(replay)
    replay.set_defaults(act=_replay)
    discard = commands.add_parser("discard", help="let those that wait rest; their bytes are kept")
    _choose(discard)
    discard.add_argument("--because", metavar="TEXT", type=_text, required=True, help="why; kept with it")
    discard.set_defaults(act=_discard)
    return parser


def _choose(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", nargs="*", default=[], metavar="ID", type=_text)
    which.add_argument("--all", action="store_true", help="all that wait now")
    which.add_argument(
        "--reason", metavar="TEXT", type=_text, help="those that wait now and whose reason holds this text"
    )
    parser.add_argument("--as", dest="actor", metavar="NAME", type=_text, default=_own_name(), help="who does it")


def _text(given: str) -> str:
    """Return what was given; raises where it is empty, as a shell's variable that is not set, or no UTF-8."""
    given.encode()
    if not given.strip():
        raise argparse.ArgumentTypeError("expected some text")
    return given


def _list(parked: ParkedMessages, given: argparse.Namespace) -> bool:
    state = None if given.state == "all" else given.state
    cursor: str | None = None
    entries = []
    while True:
        found = parked.page(state, given.reason, LIMIT_MOST, cursor)
        entries += found["parked"]
        cursor = found["next_cursor"]
        if cursor is None:
            break
    lines = map(json.dumps, entries) if given.json else listing(entries)
    print(*lines, sep="\n")  # noqa: T201
    return True


def _show(parked: ParkedMessages, given: argparse.Namespace) -> bool:
    if given.body:
        body = parked.body(given.id)
        if body is not None:
            sys.stdout.buffer.write(body)
            return True
    entry = None if given.body else parked.entry(given.id)
    if entry is None:
        return _is_unknown(given.id)
    print(page(entry))  # noqa: T201
    return True


def _replay(parked: ParkedMessages, given: argparse.Namespace) -> bool:
    done = parked.replay(_chosen(parked, given), given.actor)
    print(f"{len(done['replayed'])} replayed")  # noqa: T201
    for parked_id in done["unknown"]:
        _is_unknown(parked_id)
    if done["problem"]:
        print(f"stopped: {done['problem']}; run it again", file=sys.stderr)  # noqa: T201
    return not done["unknown"] and not done["problem"]


def _discard(parked: ParkedMessages, given: argparse.Namespace) -> bool:
    states: list[str] = []
    for parked_id in _chosen(parked, given):
        entry = parked.discard(parked_id, given.because[:NOTE_MOST], given.actor)
        if entry is None:
            _is_unknown(parked_id)
        elif entry["state"] != "discarded":
            print(f"{parked_id} was {entry['state']}, and stays so", file=sys.stderr)  # noqa: T201
        states.append(entry["state"] if entry else "unknown")
    print(f"{states.count('discarded')} discarded")  # noqa: T201
    return set(states) <= {"discarded"}


def _chosen(parked: ParkedMessages, given: argparse.Namespace) -> list[str]:
    return given.ids or parked.waiting_ids(given.reason)


def _own_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return f"uid {os.getuid()}"


def _is_unknown(parked_id: str) -> bool:
    print(f"there is no parked message {one_line(parked_id)} here", file=sys.stderr)  # noqa: T201
    return False
