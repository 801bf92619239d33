"""`counterfoil subject`: what is kept of a person: how much, a copy of it, and an end of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import requests

from counterfoil_cli.exits import BrokenOff, Refused, Unreachable
from counterfoil_cli.files import replaced
from counterfoil_cli.harmless import line
from counterfoil_cli.options import command
from counterfoil_cli.output import Column
from counterfoil_cli.session import Session
from counterfoil_cli.working import TRIES, await_job, count_words

PART_BYTES = 64 * 1024
_END_OF_A_ZIP, _END_BYTES = b"PK\x05\x06", 22

_COLUMNS = (Column("WHERE"), Column("HOW MUCH", right=True))
_WORDS: Mapping[str, str] = {
    "submissions": "submissions",
    "spam": "submissions marked as spam",
    "conflicts": "later copies with other content",
    "notes": "notes that name them",
    "labels": "labels that name them",
    "mailed": "submissions confirmed to them by mail",
    "not_stored": "submissions that are not stored",
    "parked_storage": "parked messages at storage",
    "parked_notify": "parked messages at notify",
}

_WHOM = "\n\nEMAIL is an address of the person; give all that you know, 20 at most. Capitals, what follows a plus, and "
_WHOM += "Gmail's dots make no difference."


@click.group("subject", short_help="What is kept of a person: find, export, erase.")
def subject() -> None:
    """Answer a person who asks what is kept of them."""


def _of_a_person(name: str, words: str, *examples: str) -> Callable[[Callable[..., None]], click.Command]:
    def decorate(function: Callable[..., None]) -> click.Command:
        emails = click.argument("emails", nargs=-1, required=True, metavar="EMAIL…")
        made = command(name, words + _WHOM, *examples)(emails(function))
        subject.add_command(made)
        return made

    return decorate


@_of_a_person("find", "Say how much is kept of a person, and where.", "counterfoil subject find ada@example.org")
def find(session: Session, *, emails: Sequence[str]) -> None:
    """Find it."""
    report = session.api().send("POST", "/subjects/find", {"email": [*emails]})
    if session.as_json:
        session.output.json(report)
    else:
        _say(session, report)


@_of_a_person(
    "export",
    "Get a copy of all that is kept of a person: a ZIP of a page to read, and of JSON.",
    "counterfoil subject export ada@example.org --to ada.zip",
)
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE")
def export(session: Session, *, emails: Sequence[str], to: Path) -> None:
    """Fetch it. The file is there whole or not at all."""
    with session.api().stream("/subjects/export", body={"email": [*emails]}) as answer, replaced(to) as file:
        size, end = 0, b""
        try:
            for part in answer.iter_content(PART_BYTES):
                file.write(part)
                size, end = size + len(part), (end + part)[-_END_BYTES:]
        except requests.RequestException as error:
            raise BrokenOff(f"the copy broke off after {size:,} bytes: ask again") from error
        if not end.startswith(_END_OF_A_ZIP):
            raise BrokenOff(f"the copy has no end; {size:,} bytes came: ask again")
    if session.as_json:
        session.output.json({"file": str(to), "bytes": size})
    else:
        session.output.line(f"{line(to)}: all of it, {size:,} bytes")


@_of_a_person(
    "erase",
    "Erase all that is kept of a person: it cannot be undone. It says how much it is, and asks.",
    "counterfoil subject erase ada@example.org ada.lovelace@example.com",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(session: Session, *, emails: Sequence[str], yes: bool) -> None:
    """Erase it."""
    asked = {"email": [*emails]}
    report = session.api().send("POST", "/subjects/erase", asked)
    if not session.as_json:
        _say(session, report)
    count, parked = int(report["count"]), _parked(report)
    if not count and not parked:
        raise Refused("nothing is kept of this person: nothing was done")
    more = f" and {parked:,} parked messages" if parked else ""
    if not session.confirm(f"Erase {count_words(count)}{more}, for ever?", yes=yes):
        raise Refused("nothing was done")
    done = _sent(session, {**asked, "confirm": count})
    job = await_job(session, done["erased"]["job"])
    if session.as_json:
        session.output.json({**done, "erased": {**done["erased"], "job": job}})
    else:
        session.output.line(_done(done["erased"], job))
    if job.get("state") in ("failed", "stopped") or None in done["erased"]["parked"].values():
        raise Refused("not everything is erased: do it once more")


def _sent(session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """Send it, again where nobody answers: the same request under the same key is one job."""
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    for number in range(1, TRIES):
        try:
            return session.api().send("POST", "/subjects/erase", body, headers)
        except Unreachable as error:
            session.world.sleep(max(error.after_s, 0.5 * number))
    return session.api().send("POST", "/subjects/erase", body, headers)


def _say(session: Session, report: Mapping[str, Any]) -> None:
    rows = [
        (_WORDS.get(name, line(name)), "not known" if count is None else f"{int(count):,}")
        for name, count in report["places"].items()
    ]
    session.output.table(_COLUMNS, rows)
    if report.get("written"):
        session.output.line(f"written as {', '.join(line(one) for one in report['written'])}")
    for one in report.get("suppressed") or ():
        session.output.line(suppressed_words(one))
    for text in (*(f"the {line(one)} service does not answer" for one in report["silent"]), *report["unfinished"]):
        session.output.complain(f"this is not all: {line(text, 300)}")


def suppressed_words(one: Mapping[str, Any]) -> str:
    """Return as a line that an address is sent no mail."""
    what = "digests" if one["stops"] == "digests" else "mail"
    of = f" of {line(one['form'])}" if one["form"] else ""
    since, reason = line(one["at"][:10]), line(one["reason"])
    return f"{line(one['address'])} is sent no {what}{of} since {since} ({reason}): this stays"


def _parked(report: Mapping[str, Any]) -> int:
    return sum(int(count or 0) for name, count in report["places"].items() if name.startswith("parked_"))


def _done(erased: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    words = [f"{count_words(int(job.get('changed') or 0))} erased"]
    words += [f"{int(erased['not_stored']):,} that are not stored"] if erased["not_stored"] else []
    words += [f"{int(count):,} parked messages at {line(name)}" for name, count in erased["parked"].items() if count]
    return ", ".join(words)
