"""`counterfoil jobs`: what is done to many at once, how far it is, to stop it, to undo it."""

from __future__ import annotations

import re
from typing import Any

import click

from counterfoil_cli.exits import Wrong
from counterfoil_cli.harmless import line
from counterfoil_cli.moments import when
from counterfoil_cli.options import command
from counterfoil_cli.output import Column
from counterfoil_cli.session import Session
from counterfoil_cli.working import await_job, summary

_COLUMNS = (
    Column("WHEN"),
    Column("ID"),
    Column("WHAT"),
    Column("STATE"),
    Column("DONE", right=True),
    Column("OF", right=True),
    Column("CHANGED", right=True),
    Column("QUERY", gives=True),
)
_ID = re.compile(r"[0-9a-fA-F-]{36}", re.ASCII)


@command(
    "jobs",
    "List what was done to many, stop or undo it.\n\n"
    "With an ID it shows one job. Undoing sets back what the job changed and nobody has changed since. What was sent "
    "cannot be undone.",
    "counterfoil jobs",
    "counterfoil jobs --undo 5d0a4f8e-9a53-4b6b-9a3d-9a5100000000",
)
@click.argument("id", required=False)
@click.option("--wait", is_flag=True, help="Wait until it has ended.")
@click.option("--stop", is_flag=True, help="Stop it where it is; what is done stays.")
@click.option("--undo", is_flag=True, help="Set back what it changed.")
@click.option("--limit", type=click.IntRange(1, 200), default=25, show_default=True, help="How many to list.")
def jobs(session: Session, *, id: str | None, wait: bool, stop: bool, undo: bool, limit: int) -> None:  # noqa: A002
    """List, show, stop or undo."""
    if wait + stop + undo > 1 or (id is None and (wait or stop or undo)):
        raise Wrong("give the id of one job, and one of --wait, --stop and --undo")
    if id is None:
        _list(session, limit)
        return
    if not _ID.fullmatch(id):
        raise Wrong(f"{line(id, 64)!r} is no id of a job: `counterfoil jobs` lists them")
    job = _asked(session, id, "stop" if stop else "undo" if undo else None)
    if wait or undo:
        job = await_job(session, job)
    if session.as_json:
        session.output.json(job)
    else:
        session.output.line(summary(job))


def _asked(session: Session, id: str, action: str | None) -> dict[str, Any]:  # noqa: A002
    if action is None:
        return session.api().get(f"/jobs/{id}")
    return session.api().send("POST", f"/jobs/{id}/{action}")


def _list(session: Session, limit: int) -> None:
    document = session.api().get("/jobs", {"limit": limit})
    if session.as_json:
        session.output.json(document)
        return
    now = session.world.clock()
    session.output.table(_COLUMNS, [_row(one, when(one.get("created_at"), now)) for one in document["jobs"]])


def _row(job: dict[str, Any], created: str) -> tuple[str, ...]:
    counts = (line(job.get(name, "")) for name in ("done", "total", "changed"))
    asked = "(ids)" if job.get("q") is None else line(job["q"])
    return (created, line(job.get("id", "")), line(job.get("kind", "")), line(job.get("state", "")), *counts, asked)
