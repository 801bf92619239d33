"""Puts the commands together, and says how each of them ended."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import click

from counterfoil_cli.commands.change import change, changes
from counterfoil_cli.commands.completion import VARIABLE, completion
from counterfoil_cli.commands.erase import erase
from counterfoil_cli.commands.export import export
from counterfoil_cli.commands.files import files
from counterfoil_cli.commands.forms import forms
from counterfoil_cli.commands.inbox import inbox
from counterfoil_cli.commands.jobs import jobs
from counterfoil_cli.commands.login import installations, login, logout
from counterfoil_cli.commands.note import note
from counterfoil_cli.commands.resend import resend
from counterfoil_cli.commands.show import show
from counterfoil_cli.commands.subject import subject
from counterfoil_cli.commands.suppressions import suppressions
from counterfoil_cli.commands.tail import tail
from counterfoil_cli.exits import DONE, INTERRUPTED, MEANINGS, USAGE, Failure
from counterfoil_cli.harmless import block
from counterfoil_cli.output import PROGRAM, Enough
from counterfoil_cli.session import World

_HELP = "Find, work on, and get out what came into a Counterfoil installation."


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return [*self.commands]


def commands() -> click.Group:
    """Return all commands."""
    codes = "\n".join(f"  {code:<4} {words}" for code, words in MEANINGS.items())
    group = _InOrder(PROGRAM, help=_HELP, epilog=f"\b\nExit codes:\n{codes}")
    some = [
        login,
        logout,
        installations,
        inbox,
        show,
        files,
        tail,
        export,
        change,
        *changes(),
        note,
        resend,
        forms,
        jobs,
    ]
    for one in (*some, erase, subject, suppressions, completion):
        group.add_command(one)
    return group


def main(arguments: Sequence[str], world: World) -> int:
    """Do what the command line asks for, and return the exit code; see `exits.MEANINGS`."""
    try:
        found = commands().main(
            [*arguments] or ["--help"],
            PROGRAM,
            complete_var=VARIABLE,
            standalone_mode=False,
            obj=world,
            max_content_width=100,
        )
    except Failure as error:
        world.output.complain("\n".join(block(str(error))))
        return error.code
    except Enough:
        return DONE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.ClickException as error:
        world.output.complain(_usage(error))
        return USAGE
    except OSError as error:
        if error.errno != errno.EPIPE:
            raise
        return DONE
    return found if isinstance(found, int) else DONE


def _usage(error: click.ClickException) -> str:
    """Return what is wrong with the command line, harmless, and what a reader may have meant."""
    words = [*block(error.format_message(), 1_000)]
    context = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.NoSuchOption) and context and any(one.name == "query" for one in context.command.params):
        words.append("what stands behind -- is the query: -- -x")
    words.append(f"{context.command_path if context else PROGRAM} --help says what there is")
    return "\n".join(words)
