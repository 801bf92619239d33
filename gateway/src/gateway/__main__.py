"""Starts the gateway (`python -m gateway`), or prepares its first start (`python -m gateway setup DIR`)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import structlog

from gateway import settings
from gateway.http.site import Site
from gateway.server.forms_file import load_forms
from gateway.server.installation import make_link, set_up
from gateway.server.wsgi import serve
from shared import forms, logs
from shared.settings import SettingsError


def main() -> int:
    """Run the command that the arguments name; a settings error is printed whole, and exits 2."""
    arguments = _parser().parse_args()
    return _set_up(arguments) if arguments.command == "setup" else _serve()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    setup = commands.add_parser("setup", help="make the secret and the keys where they are missing")
    setup.add_argument("directory", type=Path)
    setup.add_argument("--opening-keys", type=Path, metavar="FILE", help="where the keys go that open sealed fields")
    setup.add_argument("--url", help="where the gateways are reached: make a new link for the first owner, too")
    return parser


def _set_up(arguments: argparse.Namespace) -> int:
    directory, url = arguments.directory, arguments.url
    made = set_up(directory, arguments.opening_keys)
    for name, key in (("API key", made.api), ("Operator key", made.operator)):
        if key is not None:
            print(f"{name} (shown once): {key}")  # noqa: T201 - what the command is for
    if url:
        link = make_link(directory, url)
        print(f"First owner (works once, for 24 hours, while there is no owner): {link}")  # noqa: T201
    return 0


def _serve() -> int:
    try:
        given = settings.load()
        served = load_forms(given)
    except (SettingsError, forms.FormsError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - logs are not set up yet
        return 2
    logs.configure("gateway", level=given.log_level, format=given.log_format)
    served.tell()
    if Site(given.public_url, given.bind).url is None:
        structlog.get_logger().info("addresses in answers are relative for others: COUNTERFOIL_PUBLIC_URL is not set")
    try:
        serve(given)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    except OSError as error:
        reason = error.strerror or str(error)
        print(f"COUNTERFOIL_BIND: cannot listen at {given.bind}: {reason}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
