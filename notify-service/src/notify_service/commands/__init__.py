"""The commands of `python -m notify_service`, a module each, in one dictionary. What it has is run and listed.

The first line of a command's docstring is what the list says of it. Where it cannot do its work as things are, it
raises `terminal.Refused`, or one of the errors that `terminal.REFUSALS` names: their text is shown, and the code is 2.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.terminal import Command, Later


def _later(name: str) -> Later:
    return Later(f"{__name__}.{name}", name)


COMMANDS: Mapping[str, Command] = {
    "run": _later("run"),
    "migrate": _later("migrate"),
    "deliveries": _later("deliveries"),
    "parked": _later("parked"),
    "plan": _later("plan"),
    "templates": _later("templates"),
    "preview": _later("preview"),
    "test": _later("test"),
    "doctor": _later("doctor"),
}
"""Each command by its name."""

DEFAULT = "run"
"""What is run where no command is named."""
