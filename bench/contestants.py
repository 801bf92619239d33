"""Who is measured: how each server is started, all on loopback and with the same number of workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.wrk import BenchFailed
from dev.processes import await_start, end, free_port

ROOT = Path(__file__).parents[1]
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Contestant:
    """One program. `{port}` in its command and its variables stands for the port it is to listen on."""

    name: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    publishes: bool = True

    @contextmanager
    def running(self, directory: Path, variables: Mapping[str, str], *, listens: bool = False) -> Iterator[int]:
        """Run it with these further variables and yield its port; raises `StartFailed` if it does not listen."""
        port = free_port()
        log = directory / f"{self.name.replace(' ', '-').replace('/', '-')}.log"
        given = {name: text.format(port=port) for name, text in {**self.variables, **variables}.items()}
        with log.open("ab") as out:
            process = subprocess.Popen(
                [part.format(port=port) for part in self.command],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **given},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            if listens:
                await_start(self.name, process, lambda: _listens(port), log, timeout_s=60)
            yield port
            if process.poll() is not None:
                raise BenchFailed(f"{self.name} ended with {process.returncode}; see {log}")
        finally:
            end(process, signal.SIGTERM)


def servers(broker_url: str) -> list[Contestant]:
    """Return our gateway first, then its peers."""
    peer = {"BROKER_URL": broker_url}
    gateway = {
        "COUNTERFOIL_BROKER_URL": broker_url,
        "COUNTERFOIL_BIND": "127.0.0.1:{port}",
        "COUNTERFOIL_WORKERS": str(WORKERS),
        "COUNTERFOIL_FORMS": str(ROOT / "forms.example.toml"),
        "COUNTERFOIL_SECRET": "a secret of the bench, longer than thirty-two characters",
        "COUNTERFOIL_API_KEY_HASHES": "",
        "COUNTERFOIL_LOG_LEVEL": "warning",
        "COUNTERFOIL_RATE_LIMIT": "none",
    }
    uvicorn = ("-m", "uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--workers", str(WORKERS))
    fast = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
    gunicorn = ("-m", "gunicorn", "-k", "gthread", "-w", str(WORKERS), "--threads", "32", "-b", "127.0.0.1:{port}")
    return [
        Contestant("counterfoil", (sys.executable, "-m", "gateway"), gateway),
        Contestant(
            "counterfoil, publishing nothing", (sys.executable, "-m", "bench.gateway_alone"), gateway, publishes=False
        ),
        Contestant("FastAPI + aio-pika", (sys.executable, *uvicorn, *fast, "bench.peers.fastapi_aiopika:app"), peer),
        Contestant(
            "BlockingConnection per thread", (sys.executable, *gunicorn, "bench.peers.blocking:make_app()"), peer
        ),
        Contestant("connection per request", (sys.executable, *gunicorn, "bench.peers.tutorial:make_app()"), peer),
    ]


def run_once(command: tuple[str, ...], variables: Mapping[str, str]) -> None:
    """Run a command to its end; raises `BenchFailed` with what it printed where it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, timeout=120
    )
    if done.returncode:
        raise BenchFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
