"""The commands of `python -m storage_service`, a module each. What is added to the dictionary is run and listed."""

from __future__ import annotations

from collections.abc import Mapping

from shared.terminal import Command
from storage_service.commands.console import console
from storage_service.commands.index import index
from storage_service.commands.key import key
from storage_service.commands.migrate import migrate
from storage_service.commands.parked import parked
from storage_service.commands.resend import resend
from storage_service.commands.run import run
from storage_service.commands.user import user

COMMANDS: Mapping[str, Command] = {
    "run": run,
    "console": console,
    "migrate": migrate,
    "index": index,
    "key": key,
    "user": user,
    "parked": parked,
    "resend": resend,
}
"""Each command by its name."""

DEFAULT = "run"
"""What is run where no command is named."""
