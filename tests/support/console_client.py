"""The whole of a console in this process, as it is put together, for clients to ask; nothing goes on behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine
from werkzeug.datastructures import Headers

from shared.failpoints import ignore
from shared.forms import load
from shared.messaging.memory import MemoryBroker
from storage_service.accounts.keys import Keys
from storage_service.console.service import Console
from storage_service.console.settings import Settings
from support.console_server import FORMS


@dataclass(frozen=True)
class Answer:
    """An answer, and its JSON, where it has some."""

    status_code: int
    headers: Headers
    text: str

    @property
    def json(self) -> Any:
        """What it says."""
        return json.loads(self.text)


class Client:
    """Sends requests with one key."""

    def __init__(self, app: Flask, key: str) -> None:
        self._client = app.test_client()
        self._key = key

    def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Send a request; `json=` for its body."""
        headers = {"Authorization": f"Bearer {self._key}"} | options.pop("headers", {})
        answer = self._client.open(path, method=method, headers=headers, **options)
        return Answer(answer.status_code, answer.headers, answer.text)

    def get(self, path: str, **options: Any) -> Answer:
        """Send a GET."""
        return self.ask("GET", path, **options)

    def post(self, path: str, document: object, **headers: str) -> Answer:
        """Send a POST of JSON; `Idempotency_Key="k"` for a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, json=document, headers=named)


@contextmanager
def console_app(engine: Engine) -> Iterator[Flask]:
    """Lend the application over a migrated database."""
    url = engine.url.render_as_string(hide_password=False)
    console = Console(Settings("", url), load(FORMS), MemoryBroker(), CollectorRegistry(), ignore)
    try:
        yield console.app
    finally:
        for one in console.engines:
            one.dispose()


def client(app: Flask, engine: Engine, name: str, *scopes: str, forms: list[str] | None = None) -> Client:
    """Return a client with a new key of these scopes."""
    return Client(app, Keys(engine).add(name, scopes, forms, None))
