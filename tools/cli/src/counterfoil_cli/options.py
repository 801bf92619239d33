"""Makes commands: what all of them take, and how their help looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click
from click.shell_completion import CompletionItem

from counterfoil_cli.exits import Failure
from counterfoil_cli.session import Session, World

Run = Callable[..., None]

_WORD = "\0"
"""Stands before a word of a query that would be read as an option; no argument has it."""


def command(name: str, words: str, *examples: str) -> Callable[[Run], click.Command]:
    """Make a command of a function that takes a `Session` and its own options. `examples` close its help."""

    def decorate(function: Run) -> click.Command:
        def run(installation: str | None, as_json: bool, **given: Any) -> None:  # noqa: FBT001 - as click has it
            world = click.get_current_context().find_object(World)
            assert world is not None, "program.main hands it over"  # noqa: S101
            function(Session(world, installation, as_json), **given)

        update_wrapper(run, function)  # with the options that stand on it
        lines = "\n".join(f"  {one}" for one in examples)
        made = click.command(name, cls=_Asking, help=words, epilog=f"\b\nExamples:\n{lines}" if examples else None)(run)
        made.params += [
            click.Option(["-i", "--installation"], metavar="NAME", shell_complete=_names, help="Which is meant."),
            click.Option(["--json", "as_json"], is_flag=True, help="For programs: JSON."),
        ]
        return made

    return decorate


class _Asking(click.Command):
    """A command whose query may have words such as `-is:spam`, which is not the option `-i`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if any(one.name == "query" for one in self.params):
            args = [f"{_WORD}{one}" if _is_left_out(one) else one for one in args]
        return super().parse_args(ctx, args)


def _is_left_out(argument: str) -> bool:
    return len(argument) > len("-i") and argument[0] == "-" and argument[1] != "-"


def _typed(_context: click.Context, _parameter: click.Parameter, words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one.removeprefix(_WORD) for one in words)


query = click.argument("query", nargs=-1, metavar="[QUERY]…", callback=_typed)


def line_of(words: tuple[str, ...]) -> str | None:
    """Return a query of the words that were typed; None for none."""
    return " ".join(words) or None


def _names(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete the name of an installation."""
    world = context.find_object(World)
    try:
        known = [] if world is None else world.saved.load().by_name
    except Failure:
        return []
    return [CompletionItem(name) for name in known if name.startswith(begun)]
