"""The commands of `python -m storage_service`, a module each. What is added to the dictionary is run and listed."""

from __future__ import annotations

from collections.abc import Mapping

from shared.terminal import Command, Later


def _later(name: str) -> Later:
    """Return the command of this name, which its module has: a third of all that is imported only the console needs."""
    return Later(f"{__name__}.{name}", name)


COMMANDS: Mapping[str, Command] = {
    "run": _later("run"),
    "console": _later("console"),
    "migrate": _later("migrate"),
    "index": _later("index"),
    "key": _later("key"),
    "hook": _later("hook"),
    "user": _later("user"),
    "parked": _later("parked"),
    "resend": _later("resend"),
    "retention": _later("retention"),
    "seal": _later("seal"),
    "import": _later("import_"),
    "erase": _later("erase"),
    "files": _later("files"),
    "spam": _later("spam"),
}
"""Each command by its name."""

DEFAULT = "run"
"""What is run where no command is named."""
