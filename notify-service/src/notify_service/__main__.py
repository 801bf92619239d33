"""The command line: `python -m notify_service` runs the service, `… --help` lists what else it can do."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from notify_service.commands import COMMANDS, DEFAULT
from notify_service.commands.terminal import PROGRAM, REFUSALS, complain, say


def main(arguments: Sequence[str]) -> int:
    """Do what a command is for, and return the exit code: 0 when told to stop, 2 when it cannot do it as things are."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    name, *others = arguments or [DEFAULT]
    if name in ("-h", "--help"):
        say(_usage())
        return 0
    if name not in COMMANDS:
        complain(f"there is no command {name[:64]!r}\n\n{_usage()}")
        return 2
    try:
        return COMMANDS[name](others)
    except REFUSALS as error:
        complain(str(error))
        return 2


def _usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {(command.__doc__ or '').splitlines()[0]}" for name, command in COMMANDS.items()]
    return "\n".join(
        [f"usage: {PROGRAM} [COMMAND …]", "", *lines, "", f"{PROGRAM} COMMAND --help says what belongs to each."]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
