"""`counterfoil completion`: what a shell needs to complete commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from counterfoil_cli.options import command
from counterfoil_cli.output import PROGRAM
from counterfoil_cli.session import Session

VARIABLE = "_COUNTERFOIL_COMPLETE"

_HELP = """Print what lets a shell complete commands.

It completes options and names of installations, too.

\b
bash:  counterfoil completion bash > ~/.local/share/bash-completion/completions/counterfoil
zsh:   counterfoil completion zsh > ~/.zfunc/_counterfoil   (a folder of $fpath)
fish:  counterfoil completion fish > ~/.config/fish/completions/counterfoil.fish"""


@command("completion", _HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(session: Session, *, shell: str) -> None:
    """Print it."""
    made = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    if made is not None:
        session.output.raw(made(root, {}, PROGRAM, VARIABLE).source())
