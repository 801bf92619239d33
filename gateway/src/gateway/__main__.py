"""`python -m gateway` serves; `python -m gateway setup DIR` prepares the first start of an installation."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gevent import monkey


def main() -> int:
    """Run the command that the arguments name; a settings error is printed whole, and exits 2."""
    arguments = _parser().parse_args()
    return _set_up(arguments.directory) if arguments.command == "setup" else _serve()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    setup = commands.add_parser("setup", help="make the secret and the API key where they are missing")
    setup.add_argument("directory", type=Path)
    return parser


def _set_up(directory: Path) -> int:
    from gateway.installation import set_up  # noqa: PLC0415 - see _serve

    key = set_up(directory)
    if key is not None:
        print(f"API key (shown once): {key}")  # noqa: T201 - what the command is for
    return 0


def _serve() -> int:
    monkey.patch_all()
    # Only now: what is imported before gevent has patched keeps the sockets and locks that block a whole process.
    from gateway import settings  # noqa: PLC0415
    from gateway.wsgi import serve  # noqa: PLC0415
    from shared import forms, logs  # noqa: PLC0415
    from shared.settings import SettingsError  # noqa: PLC0415

    try:
        given = settings.load()
        forms.load(given.forms)
    except (SettingsError, forms.FormsError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - logs are not set up yet
        return 2
    logs.configure("gateway", level=given.log_level, format=given.log_format)
    serve(given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
