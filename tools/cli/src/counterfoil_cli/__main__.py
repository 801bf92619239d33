"""`counterfoil` finds, works on and gets out what came in, over the API."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

import click

from counterfoil_cli.output import PROGRAM, Output
from counterfoil_cli.program import main
from counterfoil_cli.saved import Saved
from counterfoil_cli.session import World


def run() -> None:
    """Do what the command line asks for, and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without these letters
    world = World(
        output=Output(sys.stdout, sys.stderr, os.environ),
        stdin=sys.stdin,
        environment=os.environ,
        saved=Saved(Path(click.get_app_dir(PROGRAM))),
        clock=lambda: datetime.now(UTC),
        sleep=time.sleep,
    )
    code = main(sys.argv[1:], world)
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # else Python would try again at its end, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    run()
