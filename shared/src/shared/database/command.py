"""Reads the arguments of a service's `migrate` command, and migrates."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from sqlalchemy import Engine

from shared.database.migrations import Migrations

USAGE = "migrate [--to REVISION [--force]]"


def migrate(program: str, arguments: Sequence[str], migrations: Migrations, connect: Callable[[], Engine]) -> None:
    """Bring the schema up to date, or with `--to` back to an earlier revision.

    Raises `MigrationFailed`, and `SystemExit` with 2 for arguments that it does not know, before it connects.
    """
    parser = argparse.ArgumentParser(f"{program} migrate", description="Update the tables, or take them back.")
    parser.add_argument("--to", metavar="REVISION", help="go back to this revision, before an older version starts")
    parser.add_argument("--force", action="store_true", help="with --to: go back although something is lost")
    asked = parser.parse_args(arguments)
    if asked.force and asked.to is None:
        parser.error("--force needs --to")
    if asked.to is None:
        migrations.upgrade(connect())
    else:
        migrations.downgrade(connect(), asked.to, force=asked.force)
