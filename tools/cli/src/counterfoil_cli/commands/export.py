"""`counterfoil export`: what a query finds, as a file."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

import click
import requests

from counterfoil_cli.arriving import FORMATS, Arriving, Format
from counterfoil_cli.exits import BrokenOff, Wrong
from counterfoil_cli.files import replaced
from counterfoil_cli.harmless import line
from counterfoil_cli.options import command, line_of, query
from counterfoil_cli.output import Enough
from counterfoil_cli.session import Session

PART_BYTES = 64 * 1024

_HELP = """Get all that a query finds as a file.

Without a query that is everything, spam too. The format follows from the file's name. A file is there whole or not at
all: what stood there before stays until then. Without --to it goes to standard output, for another program."""


@command(
    "export",
    _HELP,
    "counterfoil export is:failed last:7d --to failed.xlsx",
    "counterfoil export form:contact --format ndjson | jq .fields.email",
)
@query
@click.option("--format", "kind", type=click.Choice(FORMATS), help="Else by the name of the file; else csv.")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Where to write it.")
@click.option("--columns", metavar="NAMES", help="Only these, in this order: name,email,accepted_at.")
@click.option("--unseal", is_flag=True, help="Sealed fields in the clear: the key needs the scope unseal, too.")
@click.option("--labels", is_flag=True, help="The forms' labels on top of the columns.")
@click.option("--files", is_flag=True, help="The files too: a ZIP of the table, and of a folder for each submission.")
@click.option("--bom", is_flag=True, help="Begin CSV with U+FEFF, as some versions of Excel want it.")
def export(
    session: Session,
    *,
    query: tuple[str, ...],
    kind: Format | None,
    to: Path | None,
    columns: str | None,
    unseal: bool,
    labels: bool,
    bom: bool,
    files: bool,
) -> None:
    """Fetch it."""
    if files and to is not None and to.suffix.lower() not in ("", ".zip"):
        raise Wrong(f"with --files it is a ZIP: give --to a name that ends in .zip, not in {line(to.suffix, 20)}")
    chosen = _format(kind, None if files else to)
    if to is None and session.output.is_terminal:
        raise Wrong("give --to FILE, or hand it to another program: on a terminal it would do harm")
    asked = {
        "q": line_of(query),
        "format": chosen,
        "columns": columns,
        "tz": session.zone(),
        "unseal": "1" if unseal else None,
        "labels": "1" if labels else None,
        "bom": "1" if bom else None,
        "files": "zip" if files else None,
    }
    with session.api().stream("/export", asked) as answer, _sink(to) as file:
        rows = _fetch(session, answer, file, Arriving("zip" if files else chosen))
    if to is None:
        return
    if session.as_json:
        session.output.json({"file": str(to), "rows": rows, "format": chosen})
    else:
        session.output.line(f"{line(to)}: {'all of it' if rows is None else _rows(rows)}")


def _format(kind: Format | None, to: Path | None) -> Format:
    if kind is not None:
        return kind
    ending = "" if to is None else to.suffix[1:].lower()
    found: Format | None = next((one for one in FORMATS if one == ending), None)
    if found is None and ending:
        raise Wrong(f"give --format: nothing is known of .{line(ending, 20)}; a file ends in .{', .'.join(FORMATS)}")
    return found or "csv"


def _sink(to: Path | None) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdout.buffer) if to is None else replaced(to)


def _fetch(session: Session, answer: requests.Response, file: BinaryIO, arriving: Arriving) -> int | None:
    """Write what comes, and return how many rows there were; raises `BrokenOff`."""
    expected = _expected(answer)
    with session.output.progress("exporting") as progress:
        try:
            for part in answer.iter_content(PART_BYTES):
                arriving.add(part)
                _write(file, part)
                progress.say(_progress(arriving, expected))
        except requests.RequestException as error:
            raise BrokenOff(f"the export broke off after {_progress(arriving, expected)}: ask again") from error
    if not arriving.is_whole():
        raise BrokenOff(f"the export has no end; {_progress(arriving, expected)} came: ask again")
    rows = arriving.rows if arriving.rows is not None else expected
    if expected is not None and rows != expected:
        session.output.note(f"{expected:,} rows were expected: submissions were changed meanwhile")
    return rows


def _write(file: BinaryIO, part: bytes) -> None:
    try:
        file.write(part)
        file.flush()
    except BrokenPipeError as error:
        raise Enough from error


def _expected(answer: requests.Response) -> int | None:
    text = answer.headers.get("X-Rows-Expected", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _progress(arriving: Arriving, expected: int | None) -> str:
    size = f"{arriving.size / 1_048_576:,.1f} MB"
    if arriving.rows is None:
        return size if expected is None else f"{size} of {_rows(expected)}"
    return f"{arriving.rows:,}{'' if expected is None else f' of {expected:,}'} rows, {size}"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
