"""What the services' command lines have in common: the commands in one dictionary, and what goes to a terminal."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

Command: TypeAlias = Callable[[Sequence[str]], int]
"""Takes the arguments behind its name, and returns the exit code. The first line of its docstring is listed."""


class Later:
    """A command whose module is imported when it is asked for: what it needs, no other one waits for and keeps."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def command(self) -> Command:
        """Import it, and return it."""
        found: Command = getattr(importlib.import_module(self._module), self._name)
        return found

    def __call__(self, arguments: Sequence[str]) -> int:
        """Do what it is for."""
        return self.command()(arguments)


class Refused(Exception):
    """A command cannot do its work as things are; the text says why, and how to mend it."""


def dispatch(
    program: str,
    commands: Mapping[str, Command],
    default: str,
    refusals: tuple[type[Exception], ...],
    arguments: Sequence[str],
) -> int:
    """Run the command that the arguments name, `default` without any, and return the exit code.

    It is 2 where there is no such command, or it raises one of `refusals`, whose text is shown.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    name, *others = arguments or [default]
    if name in ("-h", "--help"):
        say(usage(program, commands))
        return 0
    if name not in commands:
        complain(f"there is no command {name[:64]!r}\n\n{usage(program, commands)}")
        return 2
    try:
        return commands[name](others)
    except refusals as error:
        complain(str(error))
        return 2


def usage(program: str, commands: Mapping[str, Command]) -> str:
    """Return the list of commands."""
    width = max(map(len, commands))
    lines = [f"  {name:{width}}  {about(command)}" for name, command in commands.items()]
    return "\n".join(
        [f"usage: {program} [COMMAND …]", "", *lines, "", f"{program} COMMAND --help says what belongs to each."]
    )


def about(command: Command) -> str:
    """Return in a sentence what a command is for."""
    told = command.command() if isinstance(command, Later) else command
    return (told.__doc__ or "").splitlines()[0]


def parser(program: str, command: str, description: str) -> argparse.ArgumentParser:
    """Return what reads the arguments of a command; `--help` shows the description as it is written."""
    return argparse.ArgumentParser(
        prog=f"{program} {command}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def say(text: str) -> None:
    """Write what was asked for, until whoever reads it has enough: `… | head`."""
    try:
        print(text, flush=True)  # noqa: T201 - what a command is for
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """Write what went wrong, or how far it is; logs may not be set up yet."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - to whoever typed it
