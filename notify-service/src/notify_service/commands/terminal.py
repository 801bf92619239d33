"""What all commands have in common: how they read their arguments, and what they say on a terminal."""

from __future__ import annotations

import argparse
import sys

from notify_service.channels.mail.template_set import TemplatesError
from shared.database import MigrationFailed
from shared.forms import FormsError
from shared.messaging.failures import DependencyUnavailable
from shared.settings import SettingsError

PROGRAM = "python -m notify_service"


class Refused(Exception):
    """A command cannot do its work as things are; the text says why, and how to mend it."""


REFUSALS = (Refused, SettingsError, FormsError, TemplatesError, MigrationFailed, DependencyUnavailable)
"""What a command may raise: the text is for whoever typed it."""


def parser(command: str, description: str) -> argparse.ArgumentParser:
    """Return what reads the arguments of a command; `--help` shows the description as it is written."""
    return argparse.ArgumentParser(
        prog=f"{PROGRAM} {command}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def say(text: str) -> None:
    """Write what was asked for."""
    print(text)  # noqa: T201 - what a command is for


def complain(text: str) -> None:
    """Write what went wrong; logs may not be set up yet."""
    print(text, file=sys.stderr)  # noqa: T201 - to whoever typed it
