"""Runs a private Prometheus server for one test run."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from types import TracebackType
from urllib.error import URLError
from urllib.request import urlopen

from dev.processes import await_start, end, free_port
from dev.programs import prometheus as program

START_TIMEOUT_S = 60


class Prometheus:
    """One Prometheus server; its data and its log lie below `directory`, beside a `prometheus.yml` that is there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{free_port()}"

    def is_ready(self) -> bool:
        """Say whether it answers queries now."""
        try:
            with urlopen(f"{self.url}/-/ready", timeout=2) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def __enter__(self) -> Prometheus:
        log = self._directory / "prometheus.log"
        options = [
            f"--config.file={self._directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._directory / 'data'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
        ]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [program("prometheus"), *options], stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        await_start("Prometheus", self._process, self.is_ready, log, START_TIMEOUT_S)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        end(self._process, signal.SIGTERM)
