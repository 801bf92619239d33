"""`counterfoil files`: what came with a submission, listed or fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import requests

from counterfoil_cli.api import PAUSE_S, TRIES, Api
from counterfoil_cli.exits import BrokenOff, Failure, NotAllowed, Refused, Unreachable
from counterfoil_cli.finding import found_id
from counterfoil_cli.harmless import line
from counterfoil_cli.options import command
from counterfoil_cli.output import Column, Progress
from counterfoil_cli.parts import Part
from counterfoil_cli.session import Session

PART_BYTES = 256 * 1024

_COLUMNS = [
    Column("no", right=True),
    Column("name", gives=True),
    Column("field"),
    Column("type"),
    Column("bytes", right=True),
]
_HELP = """List the files of a submission, or fetch them.

Without --to they are listed. With it each is fetched, or those with these numbers, checked by its SHA-256, and given
its name. No other file is overwritten: it is cv (2).pdf then. What broke off goes on where it was."""


@command("files", _HELP, "counterfoil files 9b2f61c0", "counterfoil files 9b2f61c0 2 --to ~/Downloads")
@click.argument("id")
@click.argument("numbers", nargs=-1, type=click.IntRange(1, 1_000_000), metavar="[NUMBER]…")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help="Fetch them into it.")
def files(session: Session, *, id: str, numbers: tuple[int, ...], to: Path | None) -> None:  # noqa: A002 - click's
    """List or fetch them."""
    found = _files(session.api(), id, numbers)
    if to is None:
        _list(session, found)
        return
    failures = [failure for one in found if (failure := _fetched(session, one, to))]
    if failures:
        raise failures[0]


def _files(api: Api, text: str, numbers: Sequence[int]) -> list[Mapping[str, Any]]:
    files: list[Mapping[str, Any]] = api.get(f"/submissions/{found_id(api, text)}").get("files", [])
    missing = set(numbers) - {one["number"] for one in files}
    if missing:
        raise Refused(f"this submission has no file {min(missing)}: it has {len(files)}")
    return [one for one in files if not numbers or one["number"] in numbers]


def _list(session: Session, found: Sequence[Mapping[str, Any]]) -> None:
    if session.as_json:
        session.output.json(found)
        return
    if not found:
        session.output.note("no files came with it")
        return
    rows = [
        [str(one["number"]), *(line(one[name]) for name in ("name", "field", "type")), f"{one['size']:,}"]
        for one in found
    ]
    session.output.table(_COLUMNS, rows)


def _fetched(session: Session, file: Mapping[str, Any], folder: Path) -> Failure | None:
    """Fetch a file and say where it is; return why it could not be: the others are fetched all the same."""
    part = Part(folder, str(file["sha256"]))
    try:
        with session.output.progress(f"fetching {line(file['name'], 100)}") as progress:
            _fetch(session, file, part, progress)
        place = part.become(str(file["name"]))
    except (Refused, NotAllowed, BrokenOff) as error:
        session.output.complain(f"{line(file['name'])}: {error}")
        return error
    if session.as_json:
        session.output.json({"number": file["number"], "file": str(place)})
    else:
        session.output.line(line(place))
    return None


def _fetch(session: Session, file: Mapping[str, Any], part: Part, progress: Progress) -> None:
    """Fetch what is missing of a file; what breaks off is asked for again, a few times. Raises `Failure`."""
    for number in range(1, TRIES + 1):
        try:
            _go_on(session.api(), file, part, progress)
        except requests.RequestException:
            session.world.sleep(PAUSE_S)
        except Unreachable as error:
            if not error.after_s or number == TRIES:
                raise
            session.world.sleep(min(error.after_s, PAUSE_S * number))
        if part.size == file["size"]:
            return
    raise BrokenOff(f"{line(file['name'])} broke off at {part.size:,} of {file['size']:,} bytes: it goes on there")


def _go_on(api: Api, file: Mapping[str, Any], part: Part, progress: Progress) -> None:
    start = part.size if part.size < file["size"] else 0  # what is longer is none of it
    ours = {"Accept-Encoding": "identity"}
    asked = {"Range": f"bytes={start}-", "If-Range": f'"{file["sha256"]}"'} if start else {}
    with api.stream(str(file["url"]).removeprefix("/v1"), headers=ours | asked) as answer:
        start = start if answer.status_code == 206 else 0
        with part.opened(start=start) as sink:
            for piece in answer.iter_content(PART_BYTES):
                sink.write(piece)
                progress.say(f"{sink.tell():,} of {file['size']:,} bytes")
