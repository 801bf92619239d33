"""The command line: `python -m notify_service` runs the service, `… --help` lists what else it can do."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from notify_service.commands import COMMANDS, DEFAULT
from notify_service.commands.terminal import PROGRAM, REFUSALS
from shared.terminal import dispatch


def main(arguments: Sequence[str]) -> int:
    """Do what a command is for, and return the exit code: 0 when told to stop, 2 when it cannot do it as things are."""
    return dispatch(PROGRAM, COMMANDS, DEFAULT, REFUSALS, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
