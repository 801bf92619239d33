"""Starts the console as a process of its own, for tests to ask, kill and stop."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Engine

from dev.processes import free_port
from shared.api_keys import hash_of
from support.polling import eventually
from support.service import ROOT, Service

READ_KEY = "cf_a-key-of-the-tests-that-reads"
OPERATOR_KEY = "cf_op_a-key-of-the-tests"
FORMS = ROOT / "forms.example.toml"


class ConsoleServer(Service):
    """`python -m storage_service console` against a database that is migrated, and its address."""

    def __init__(self, directory: Path, *, database_url: str, broker_url: str, name: str = "console", **settings: str):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.metrics_url = f"http://127.0.0.1:{free_port()}"
        given = {
            "COUNTERFOIL_CONSOLE_BIND": self.url.removeprefix("http://"),
            "COUNTERFOIL_METRICS_BIND": self.metrics_url.removeprefix("http://"),
            "COUNTERFOIL_DATABASE_URL": database_url,
            "COUNTERFOIL_BROKER_URL": broker_url,
            "COUNTERFOIL_FORMS": str(FORMS),
            "COUNTERFOIL_API_KEY_HASHES": hash_of(READ_KEY),
            "COUNTERFOIL_OPERATOR_KEY_HASHES": hash_of(OPERATOR_KEY),
        }
        super().__init__(name, "storage_service", given | settings, directory / f"{name}.log", ["console"])

    def ask(self, path: str, key: str | None = READ_KEY, method: str = "GET", **options: Any) -> requests.Response:
        """Send a request, with a key."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return requests.request(
            method, self.url + path, timeout=20, headers=headers | options.pop("headers", {}), **options
        )

    def pause_between_writes(self, engine: Engine) -> None:
        """Freeze it where it holds no lock of a SQLite file: whoever froze in a transaction lets nobody else write."""
        eventually(lambda: self._is_paused_between_writes(engine), 60, f"{self.name} is frozen, and holds nothing")

    def _is_paused_between_writes(self, engine: Engine) -> bool:
        self.pause()
        if engine.dialect.name != "sqlite" or _is_free(str(engine.url.database)):
            return True
        self.resume()
        return False

    def answers(self, path: str = "/readyz", status: int = 200) -> bool:
        """Say whether this is what it answers just now."""
        try:
            return self.ask(path).status_code == status
        except requests.RequestException:
            return False

    def await_ready(self) -> None:
        """Wait until it is ready."""
        self.await_up(self.answers, 60)

    def __enter__(self) -> ConsoleServer:
        self.start()
        try:
            self.await_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_running():
            self.kill()
        print(self.tail())


def _is_free(path: str) -> bool:
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
    return True
