"""Hostile files of a real console, over a real store, with and without the gateway in front."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import Engine

from dev.broker import Broker
from dev.processes import descendants
from shared.files import FilesSettings, FileStore, store_at
from support.console_server import READ_KEY, ConsoleServer
from support.events import a_file, an_event, with_files
from support.files import a_picture, received
from support.gateway_server import Server
from support.submission_databases import migrated

KEY = {"Authorization": f"Bearer {READ_KEY}"}
BIG = bytes(range(256)) * 80_000
"""More than lies in the buffers between console, gateway and reader."""

HOSTILE = {
    "html": ("x.html", "text/html", b"<!doctype html><script>alert(document.domain)</script>"),
    "svg": ("x.svg", "image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    "js": ("x.js", "text/javascript", b"alert(1)"),
    "pdf": ("x.pdf", "application/pdf", b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj"),
    "html that is called a picture": ("x.png", "image/png", b"<html><script>alert(1)</script>"),
}


@pytest.fixture(scope="module")
def database_and_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, str, str]]:
    folder = tmp_path_factory.mktemp("files")
    url = f"sqlite:///{tmp_path_factory.mktemp('database') / 'storage.db'}"
    with migrated(url) as engine:
        yield engine, url, f"file://{folder}"


@pytest.fixture(scope="module")
def console(
    database_and_store: tuple[Engine, str, str], tmp_path_factory: pytest.TempPathFactory, rabbitmq_url: str
) -> Iterator[ConsoleServer]:
    _, url, files = database_and_store
    directory = tmp_path_factory.mktemp("console")
    with ConsoleServer(directory, database_url=url, broker_url=rabbitmq_url, COUNTERFOIL_FILES_URL=files) as running:
        yield running


@pytest.fixture(scope="module")
def rabbitmq_url(rabbitmq: Broker) -> Iterator[str]:
    url = rabbitmq.fresh_vhost()
    yield url
    rabbitmq.retire(url)


@pytest.fixture(scope="module")
def gateway(console: ConsoleServer, tmp_path_factory: pytest.TempPathFactory, rabbitmq_url: str) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("gateway"), rabbitmq_url, COUNTERFOIL_CONSOLE_URL=console.url) as running:
        yield running


@pytest.fixture(scope="module", params=["console", "gateway"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param).url
    return found


class Filed:
    """Puts files where the console finds them."""

    def __init__(self, engine: Engine, store: FileStore) -> None:
        self._engine = engine
        self.store = store

    def one(self, content: bytes, name: str = "cv.pdf", kind: str = "application/pdf") -> str:
        """Return where a file is."""
        told = a_file(size=len(content), sha256=hashlib.sha256(content).hexdigest(), name=name, type=kind)
        self.store.put(told.key, (content[at : at + 2**20] for at in range(0, len(content), 2**20)))
        event = with_files(an_event(), told)
        received(self._engine, event)
        self.key = told.key
        return f"/v1/submissions/{event.id}/files/1"


@pytest.fixture(scope="module")
def filed(database_and_store: tuple[Engine, str, str]) -> Filed:
    engine, _, files = database_and_store
    return Filed(engine, store_at(FilesSettings(files)))


@pytest.mark.parametrize("name", HOSTILE)
def test_no_hostile_file_is_shown_or_guessed_at(filed: Filed, url: str, name: str) -> None:
    called, kind, content = HOSTILE[name]
    answer = requests.get(url + filed.one(content, called, kind), headers=KEY, timeout=20)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{called}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "text/html" not in answer.headers["Content-Type"]
    assert answer.headers["Content-Type"] in ("application/octet-stream", "application/pdf", "image/png")


def test_a_large_file_comes_whole_in_parts_and_by_head(filed: Filed, url: str) -> None:
    place = url + filed.one(BIG)
    whole = requests.get(place, headers=KEY, timeout=60)
    assert hashlib.sha256(whole.content).hexdigest() == whole.headers["ETag"].strip('"')
    assert "Transfer-Encoding" not in whole.headers
    rest = requests.get(place, headers=KEY | {"Range": "bytes=1000000-", "If-Range": whole.headers["ETag"]}, timeout=60)
    assert (rest.status_code, rest.content == BIG[1_000_000:]) == (206, True)
    assert rest.headers["Content-Range"] == f"bytes 1000000-{len(BIG) - 1}/{len(BIG)}"
    head = requests.head(place, headers=KEY, timeout=20)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(BIG)), b"")
    known = requests.get(place, headers=KEY | {"If-None-Match": whole.headers["ETag"]}, timeout=20)
    assert (known.status_code, known.content) == (304, b"")
    beyond = requests.get(place, headers=KEY | {"Range": f"bytes={len(BIG)}-"}, timeout=20)
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(BIG)}")
    assert requests.get(place, timeout=20).status_code == 401


def test_a_preview_is_ours(filed: Filed, url: str) -> None:
    answer = requests.get(url + filed.one(a_picture(), "me.png", "image/png") + "/preview", headers=KEY, timeout=60)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    assert answer.content[:4] == b"RIFF"
    assert answer.headers["Content-Disposition"].startswith("inline")


def test_a_file_that_breaks_off_is_seen_to(filed: Filed, database_and_store: tuple[Engine, str, str], url: str) -> None:
    place = url + filed.one(BIG)
    folder = Path(database_and_store[2].removeprefix("file://"))
    with requests.get(place, headers=KEY, timeout=60, stream=True) as answer:
        pieces = answer.iter_content(1000)
        assert next(pieces)
        os.truncate(folder / filed.key, 3_000_000)
        with pytest.raises(requests.RequestException):
            list(pieces)


def test_a_console_that_goes_breaks_downloads_off(filed: Filed, console: ConsoleServer, gateway: Server) -> None:
    place = filed.one(BIG)
    with requests.get(gateway.url + place, headers=KEY, timeout=60, stream=True) as answer:
        pieces = answer.iter_content(1000)
        assert next(pieces)
        (worker,) = descendants(console.pid)
        os.kill(worker, 9)
        with pytest.raises(requests.RequestException):
            list(pieces)
