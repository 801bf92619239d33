"""The command line: `python -m storage_service` runs the service, `… --help` lists what else it can do."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from shared.terminal import dispatch
from storage_service.commands import COMMANDS, DEFAULT
from storage_service.commands.program import PROGRAM, REFUSALS


def main(arguments: Sequence[str]) -> int:
    """Do what a command is for, and return the exit code: 0 when told to stop, 2 when it cannot do its work."""
    return dispatch(PROGRAM, COMMANDS, DEFAULT, REFUSALS, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
