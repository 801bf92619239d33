"""Starts the broker and the database of a run when they are first needed."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType

from bench.queues import Queues
from bench.scale import Scale
from dev.broker import Broker
from dev.postgres import Postgres


class World:
    """One run's servers, below `directory`, until the end of the `with`."""

    def __init__(self, directory: Path, scale: Scale) -> None:
        self.directory = directory
        self.scale = scale
        self._stack = ExitStack()

    @cached_property
    def broker(self) -> Broker:
        """The broker."""
        return self._stack.enter_context(Broker(self.directory / "broker"))

    @cached_property
    def queues(self) -> Queues:
        """The broker's work queues, declared."""
        return Queues(self.broker.url)

    @cached_property
    def postgres(self) -> Postgres:
        """The database server."""
        return self._stack.enter_context(Postgres(self.directory / "postgres"))

    def __enter__(self) -> World:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()
