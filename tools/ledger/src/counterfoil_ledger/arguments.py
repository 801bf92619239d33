"""Defines the command line."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from random import SystemRandom

from environs import EnvError, FileAwareEnv

from counterfoil_ledger import values
from counterfoil_ledger.load import FIELDS, KEY, Load, address_in
from counterfoil_ledger.verdict import ANSWER_LIMIT_S
from shared.settings import PREFIX

API_KEY = f"{PREFIX}API_KEY"
BROKER_URL = f"{PREFIX}BROKER_URL"
STORAGE_DATABASE = f"{PREFIX}STORAGE_DATABASE_URL"
NOTIFY_DATABASE = f"{PREFIX}NOTIFY_DATABASE_URL"
_PLACES = {"broker_url": BROKER_URL, "storage_database": STORAGE_DATABASE, "notify_database": NOTIFY_DATABASE}


def parse(arguments: list[str], words: str | None) -> argparse.Namespace:
    """Read the command line; exits with 2 and a word about what is wrong."""
    parser = argparse.ArgumentParser(
        prog="counterfoil-ledger", description=words, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    run = verbs.add_parser("run", help="send submissions, each written down before it is sent")
    _add_run(run)
    check = verbs.add_parser("check", help="wait until all is worked off, and compare")
    _add_check(check)
    balance = verbs.add_parser("balance", help="say whether all that is known is stored, parked or on its way")
    _add_balance(balance)
    given = parser.parse_args(arguments)
    if given.verb == "run" and given.field and not _tell_apart(dict(given.field)):
        run.error("a {key} is needed in the email, or in another --field without one: by it submissions are told apart")
    if given.verb == "check":
        given.broker_url = given.broker_url or _variable(BROKER_URL, check)
        given.api_key = _key_in(given.api_key_file, check) if given.api_key_file else _variable(API_KEY, check)
        if not given.api_key:
            check.error(f"an API key is needed: --api-key-file, or {API_KEY} in the environment")
    if given.verb == "balance":
        for option, name in _PLACES.items():
            setattr(given, option, getattr(given, option) or _variable(name, balance))
        missing = [
            f"--{option.replace('_', '-')}, or {name} in the environment"
            for option, name in _PLACES.items()
            if not getattr(given, option)
        ]
        if missing:
            balance.error(f"needed: {'; '.join(missing)}")
    return given


def load_of(given: argparse.Namespace, seed: int | None) -> Load:
    """Return the load that a run asks for, with this seed where it goes on with one."""
    chosen = given.seed if seed is None else seed
    return Load(
        given.submissions,
        SystemRandom().randrange(10**9) if chosen is None else chosen,
        form=given.form,
        connections=given.connections,
        rate_per_s=given.rate,
        repeats=given.retries,
        fields=dict(given.field) if given.field else dict(FIELDS),
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", type=values.url, help="the installation: http://127.0.0.1:8080")
    parser.add_argument("--ledger", type=Path, default=Path("ledger.jsonl"), help="the file to write (%(default)s)")
    parser.add_argument("--form", default="signup", help="the form to submit (%(default)s)")
    parser.add_argument("--field", action="append", type=values.field, metavar="NAME=TEXT", help=_FIELD_HELP)
    parser.add_argument("--submissions", type=values.count, default=100, metavar="N", help="how many (%(default)s)")
    parser.add_argument(
        "--rate", type=values.positive, default=50.0, metavar="R", help="so many a second (%(default)g)"
    )
    parser.add_argument(
        "--retries",
        type=values.share,
        default=0.1,
        metavar="SHARE",
        help="share sent again with the same key (%(default)g)",
    )
    parser.add_argument("--connections", type=values.count, default=8, metavar="N", help="at once (%(default)s)")
    parser.add_argument("--seed", type=int, help="the same seed sends the same submissions, and so none twice")
    parser.add_argument("--resume", action="store_true", help="go on with the run that the ledger holds")
    parser.add_argument("--fsync", action="store_true", help="have each line on the disk before sending")


_FIELD_HELP = "what to send instead of a name and an email; {key} is each submission's own; for mails one must be email"


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ledger", type=Path, metavar="FILE", help="the ledger of the run")
    parser.add_argument("--url", type=values.url, help="the installation, where it is not where the run sent to")
    parser.add_argument("--api-key-file", type=Path, metavar="FILE", help=f"else {API_KEY} in the environment")
    parser.add_argument(
        "--mails", metavar="PLACE", help="a directory of .eml files, or the page of a MailDev or make run"
    )
    parser.add_argument(
        "--broker-url",
        type=values.broker,
        metavar="AMQP",
        help=_BROKER_HELP,
    )
    parser.add_argument("--storage-database", metavar="URL", help="where it is known which of them were erased since")
    parser.add_argument("--alone", action="store_true", help="nobody else submitted: anything else found is wrong")
    parser.add_argument(
        "--allow-duplicate-mails", type=int, default=0, metavar="N", help="where notify was killed (%(default)s)"
    )
    parser.add_argument("--expect", action="append", type=values.expected, metavar="CHANNEL=N", help=_EXPECT_HELP)
    parser.add_argument("--answer-limit-s", type=float, default=ANSWER_LIMIT_S, metavar="S", help="of I7 (%(default)g)")
    parser.add_argument("--timeout-s", type=float, default=120.0, metavar="S", help="wait so long (%(default)g)")


_EXPECT_HELP = "so many deliveries each submission must have, as /v1 names channels: email=1; several times"


def _add_balance(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--storage-database", metavar="URL", help=f"of the storage service; else {STORAGE_DATABASE}")
    parser.add_argument("--notify-database", metavar="URL", help=f"of the notify service; else {NOTIFY_DATABASE}")
    parser.add_argument("--broker-url", type=values.broker, metavar="AMQP", help=_BROKER_HELP)
    parser.add_argument("--timeout-s", type=float, default=120.0, metavar="S", help="wait so long (%(default)g)")


_BROKER_HELP = f"look at its queues and parked messages; else {BROKER_URL} in the environment"


def _variable(name: str, parser: argparse.ArgumentParser) -> str | None:
    """Read a variable, or the file that `<name>_FILE` names; None where neither is there."""
    try:
        found = FileAwareEnv(strip_whitespace=True).str(name, None)
        return values.broker(found) if found and name == BROKER_URL else found
    except (EnvError, ValueError, argparse.ArgumentTypeError) as error:
        parser.error(f"{name}: {error}")


def _key_in(path: Path, parser: argparse.ArgumentParser) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        parser.error(f"--api-key-file: {error}")


def _tell_apart(fields: Mapping[str, str]) -> bool:
    """Say whether no two submissions made of these fields are the same, or go to the same address."""
    address = address_in(fields)
    return KEY in address if address else any(KEY in text for text in fields.values())
