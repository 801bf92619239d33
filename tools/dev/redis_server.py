"""Runs a private Redis server for one test run; it keeps nothing on disk."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from types import TracebackType

import redis

from dev.processes import StartFailed, await_start, by_the_real_clock, end, free_port, freeze, send
from dev.programs import redis as program

START_TIMEOUT_S = 20


class RedisServer:
    """One Redis server, its log below `directory`. Started again, it has its port, and has forgotten everything."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int:
        """Its process id; raises `StartFailed` when it was not started."""
        if self._process is None:
            raise StartFailed("Redis is not running")
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it answers; raises `StartFailed` with the end of its log."""
        self._directory.mkdir(parents=True, exist_ok=True)
        log = self._directory / "redis.log"
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [program(), *options],
                cwd=self._directory,
                env=by_the_real_clock(),  # by libfaketime it does not start
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        await_start("Redis", self._process, self.is_ready, log, START_TIMEOUT_S)

    def is_ready(self) -> bool:
        """Say whether it answers now."""
        try:
            return bool(redis.Redis.from_url(self.url, socket_timeout=2).ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            end(self._process, signal.SIGTERM)
            self._process = None

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay open, nothing answers."""
        freeze([self.pid])

    def resume(self) -> None:
        """Let it go on after `pause`."""
        send([self.pid], signal.SIGCONT)

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
