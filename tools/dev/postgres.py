"""Runs a private PostgreSQL server for one test run, as durable as in an installation unless that is not wanted.

PostgreSQL refuses to run as root. As root it is started as the user `postgres`, and `directory` is given to that user.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg
from psycopg import sql

from dev.processes import (
    StartFailed,
    await_start,
    by_the_real_clock,
    descendants,
    end,
    free_port,
    freeze,
    is_alive,
    poll,
    send,
)
from dev.programs import postgresql

START_TIMEOUT_S = 60
_LOGS_COPIES = 150_000
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "100",
    "shared_buffers": "64MB",
}


class Postgres:
    """One PostgreSQL server below `directory`. Started again there, it has its data, its port and its password.

    `is_durable` False is for a server whose data is thrown away when it ends: it waits for no disk, and does all else
    just so.
    """

    def __init__(self, directory: Path, *, is_durable: bool = True) -> None:
        self.directory = directory.absolute()
        self._options = _OPTIONS | ({} if is_durable else {"fsync": "off"})
        self._process: subprocess.Popen[bytes] | None = None
        state = self.directory / "server.json"
        self._state: dict[str, Any] = (
            json.loads(state.read_text())
            if state.exists()
            else {"port": free_port(), "password": secrets.token_urlsafe(24)}
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._state["port"])

    @property
    def pid(self) -> int:
        """The process id of the postmaster; raises `StartFailed` when it was not started."""
        if self._process is None:
            raise StartFailed("PostgreSQL is not running")
        return self._process.pid

    def url_of(self, database: str) -> str:
        """Return the address of one database, with the password in it."""
        return f"postgresql://counterfoil:{self._state['password']}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start and wait until it accepts connections; raises `StartFailed` with the end of its log."""
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        log = self.directory / "postgres.log"
        options = [f"--{name}={value}" for name, value in (self._options | {"port": str(self.port)}).items()]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [postgresql("postgres"), "-D", str(self._data), *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
                env=by_the_real_clock(),  # its timers never go off by libfaketime's: a `lock_timeout` lasts for ever
                **_as_owner(),
            )
        await_start("PostgreSQL", self._process, self.is_ready, log, START_TIMEOUT_S)

    def is_ready(self) -> bool:
        """Say whether it accepts a connection now."""
        try:
            psycopg.connect(self.url_of("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create an empty database, or a copy of one that nobody is connected to, and return its address.

        Files are copied, where PostgreSQL 15 and newer would write each page into its log: half as much work.
        """
        names = sql.Identifier(name), sql.Identifier(template)
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            copied = sql.SQL(" STRATEGY file_copy" if connection.info.server_version >= _LOGS_COPIES else "")
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names) + copied)
        return self.url_of(name)

    def stop(self) -> None:
        """End it in good order: connections are cut, everything is written."""
        self._end(signal.SIGINT)

    def drop(self) -> None:
        """End it at once, its data unwritten: for a server whose data is thrown away."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """End all of its processes with SIGKILL, as a power cut would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay open, nothing answers."""
        freeze([self.pid, *descendants(self.pid)])

    def resume(self) -> None:
        """Let it go on after `pause`."""
        send([*descendants(self.pid), self.pid], signal.SIGCONT)

    def _end(self, sign: signal.Signals) -> None:
        if self._process is None:
            return
        children = descendants(self._process.pid)
        if sign == signal.SIGKILL:
            send([self._process.pid, *children], sign)
        else:
            send(children, signal.SIGCONT)
        end(self._process, sign)
        if not poll(lambda: not any(map(is_alive, children)), timeout_s=10):
            send(children, signal.SIGKILL)
        self._process = None

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def _initialise(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        secret = self.directory / "password"
        secret.write_text(self._state["password"])
        if os.geteuid() == 0:
            for place in (self.directory, secret):
                shutil.chown(place, "postgres")
        command = [postgresql("initdb"), "-D", str(self._data), "--username=counterfoil", f"--pwfile={secret}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        made = subprocess.run(command, cwd="/", capture_output=True, text=True, env=by_the_real_clock(), **_as_owner())
        secret.unlink()
        if made.returncode:
            raise StartFailed(f"initdb could not make {self._data}:\n{made.stdout}{made.stderr}")
        state = self.directory / "server.json"
        state.touch(mode=0o600)
        state.write_text(json.dumps(self._state))

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def _as_owner() -> dict[str, Any]:
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
