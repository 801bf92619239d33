"""Runs a private Redis server for one test run; it keeps nothing on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import redis

from dev.processes import free_port
from dev.programs import redis as program
from dev.server import Server


class RedisServer(Server):
    """One Redis server. Started again, it has forgotten everything."""

    NAME = "Redis"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._port = free_port()

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self._port}/0"

    def command(self) -> Sequence[str]:
        """See `Server`."""
        return [program(), "--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    def is_ready(self) -> bool:
        """Say whether it answers now."""
        try:
            return bool(redis.Redis.from_url(self.url, socket_timeout=2).ping())
        except redis.RedisError:
            return False
