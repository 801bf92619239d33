"""What a command works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

import click

from counterfoil_cli.api import Api
from counterfoil_cli.choosing import chosen
from counterfoil_cli.exits import Wrong
from counterfoil_cli.harmless import line
from counterfoil_cli.output import Output
from counterfoil_cli.saved import Saved
from counterfoil_cli.zone import local_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is around the program: where it reads and writes, its environment, and time."""

    output: Output
    stdin: TextIO
    environment: Mapping[str, str]
    saved: Saved
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Session:
    """One command: the world, the installation that was named, and whether a program reads what is said."""

    world: World
    installation: str | None = None
    as_json: bool = False
    _apis: list[Api] = field(default_factory=list)

    @property
    def output(self) -> Output:
        """Where results and complaints go."""
        return self.world.output

    def api(self) -> Api:
        """Return the installation that is meant; raises `Failure`."""
        if not self._apis:
            place = chosen(self.world.saved, self.world.environment, self.installation)
            if not self.world.saved.is_private():
                self.output.note(f"others can read {self.world.saved.path}: chmod 600 mends it")
            self._apis.append(Api(place, self.world.sleep))
        return self._apis[0]

    def zone(self) -> str | None:
        """Return the time zone in which a query's days are meant."""
        return local_zone(self.world.environment)

    def confirm(self, question: str, *, yes: bool) -> bool:
        """Return whether a person says yes; raises `Wrong` where nobody can be asked."""
        if yes:
            return True
        if not self.world.stdin.isatty():
            raise Wrong(f"{question} Nobody can be asked here: --yes does it")
        return click.confirm(line(question), err=True)
