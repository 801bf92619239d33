"""The commands of `python -m notify_service`, a module each, in one dictionary. What it has is run and listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from notify_service.commands.deliveries import deliveries
from notify_service.commands.doctor import doctor
from notify_service.commands.migrate import migrate
from notify_service.commands.parked import parked
from notify_service.commands.plan import plan
from notify_service.commands.preview import preview
from notify_service.commands.run import run
from notify_service.commands.templates import templates
from notify_service.commands.test import test

Command: TypeAlias = Callable[[Sequence[str]], int]
"""Takes the arguments behind its name, and returns the exit code.

The first line of its docstring is what the list of commands says of it. Where it cannot do its work as things are, it
raises `terminal.Refused`, or one of the errors that `terminal.REFUSALS` names: their text is shown, and the code is 2.
"""

COMMANDS: Mapping[str, Command] = {
    "run": run,
    "migrate": migrate,
    "deliveries": deliveries,
    "parked": parked,
    "plan": plan,
    "templates": templates,
    "preview": preview,
    "test": test,
    "doctor": doctor,
}
"""Each command by its name."""

DEFAULT = "run"
"""What is run where no command is named."""
