"""Somebody is planted in every place of an installation, erased, and found nowhere any more, whatever comes again."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any
from uuid import UUID

import pika
import pytest
import requests
from sqlalchemy import make_url

from dev.broker import Broker
from dev.postgres import Postgres
from shared import database
from shared.contracts import SubmissionAccepted, fingerprint
from shared.messaging.topology import NOTIFY_SUBMISSIONS, QUEUES, STORAGE
from storage_service.records.search import Records
from support.collector import Collector
from support.erasures import places_of
from support.events import an_event
from support.faulty.moody_smtp import MoodySink
from support.installation import EXAMPLE_FORMS, Installation
from support.polling import eventually
from support.service import ROOT
from support.submission_databases import store
from support.visitor import JSON

CANARY = "canaryzz"
KEY = {"Idempotency-Key": "f6f2c1c8-9b7e-4a39-8f5c-3f1a5b9a7d10"}
OWNER = "\n[forms.contact.owner]\nto = 'owner@example.org'\n[forms.contact.fields.cv]\ntype = 'file'\n"
IN_STORAGE = {
    *("submissions", "conflicts", "submission_notes", "submission_labels", "submission_files", "storage_parked"),
    "search_fields",
}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as receiver:
        yield receiver


@pytest.fixture(params=["sqlite", "postgresql"])
def raw(request: pytest.FixtureRequest) -> SqliteFiles | PostgresFiles:
    """The files of the databases of an installation."""
    if request.param == "sqlite":
        return SqliteFiles()
    server: Postgres = request.getfixturevalue("postgres")
    names = {name: f"canary_{name}_{token_hex(4)}" for name in ("storage", "notify")}
    return PostgresFiles({name: server.create_database(one) for name, one in names.items()})


@pytest.fixture
def installation(
    tmp_path: Path, rabbitmq: Broker, collector: Collector, raw: SqliteFiles | PostgresFiles
) -> Iterator[Installation]:
    forms = tmp_path / "forms.toml"
    forms.write_text(EXAMPLE_FORMS.read_text() + OWNER)
    (tmp_path / "installation" / "files").mkdir(parents=True)
    (tmp_path / "tmp").mkdir()
    console = {"COUNTERFOIL_ERASURES": str(tmp_path / "erasures"), "TMPDIR": str(tmp_path / "tmp")}
    files = {"COUNTERFOIL_FILES_URL": (tmp_path / "installation" / "files").as_uri()}
    traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    with (
        MoodySink(tmp_path / "mail", lambda address: "450" if CANARY in address else "") as sink,
        Installation(
            tmp_path / "installation",
            consoles=1,
            broker_url=rabbitmq.fresh_vhost(),
            smtp_url=sink.url,
            forms=forms,
            settings={**traced, **files},
            special={"console": console, **raw.settings},
        ) as made,
    ):
        yield made


class SqliteFiles:
    """A file for each service, beside the services' other files."""

    settings: Mapping[str, Mapping[str, str]] = {}

    def have(self, installation: Installation, needle: str) -> bool:
        """Say whether a text is in the files, the write-ahead log included."""
        paths = [Path(str(make_url(url).database)) for url in installation.database_urls.values()]
        return any(needle.encode() in one.read_bytes() for path in paths for one in path.parent.glob(f"{path.name}*"))

    def vacuum(self, installation: Installation) -> None:
        """Do to both what docs/privacy.md says."""
        told = (ROOT / "docs" / "privacy.md").read_text()
        statements = re.findall(r"- SQLite: `(.*?)`", told)[0].rstrip(";").split("; ")
        for service, url in installation.database_urls.items():
            file = sqlite3.connect(str(make_url(url).database), isolation_level=None)
            for statement in statements[0 if service == "storage" else 1 :]:  # notify has no index of words
                file.execute(statement)
            file.close()


class PostgresFiles:
    """The files of two databases of one server. Its write-ahead log is that of all databases."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self.settings = {name: {"COUNTERFOIL_DATABASE_URL": url} for name, url in urls.items()}
        self._urls = list(urls.values())

    def have(self, _installation: Installation, needle: str) -> bool:
        """Say whether a text is in the files, once all is written to them."""
        place = "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database"
        folders = [self._do(url, "CHECKPOINT", f"{place} WHERE datname = current_database()") for url in self._urls]
        files = [one for folder in folders for one in Path(folder).iterdir() if one.is_file()]
        return any(needle.encode() in one.read_bytes() for one in files)

    def vacuum(self, _installation: Installation) -> None:
        """Do to all tables what docs/privacy.md says."""
        assert "`VACUUM FULL` of the" in (ROOT / "docs" / "privacy.md").read_text()
        for url in self._urls:
            self._do(url, "VACUUM FULL", "SELECT ''")

    def _do(self, url: str, statement: str, question: str) -> str:
        engine = database.create(url)
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(statement)
                return str(connection.exec_driver_sql(question).scalar_one())
        finally:
            engine.dispose()


class Subject:
    """The submission, wherever it is."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.id = self.spam_id = ""
        scopes = ("read", "write", "export", "erase")
        self._bearer = {"Authorization": f"Bearer {installation.key(*scopes)}"}

    def post(self, **fields: str) -> requests.Response:
        url = f"{self.installation.gateway_url}/f/contact"
        return requests.post(url, json=fields, headers=JSON | KEY, timeout=20)

    def upload(self, **fields: str) -> requests.Response:
        """Post with a file, whose name and content have it, too."""
        url, file = f"{self.installation.gateway_url}/f/contact", (f"{CANARY}.txt", f"I am {CANARY}, too.")
        return requests.post(url, data=fields, files={"cv": file}, headers=JSON | KEY, timeout=20)

    def uploaded(self) -> list[bytes]:
        """Return what is in the store of files. Its folders are removed meanwhile: where one is gone, it is empty."""
        found = list[bytes]()
        for place, _, names in os.walk(self.installation.directory / "files"):
            with suppress(FileNotFoundError):
                found += [Path(place, name).read_bytes() for name in names]
        return found

    def ask(self, method: str, path: str = "", **options: Any) -> requests.Response:
        return self.ask_for(f"{self.id}{path}", method, **options)

    def is_spam(self, submission: str) -> bool:
        """Say whether a submission is stored, as spam; asked again where the console does not answer yet."""
        answer = self.ask_for(submission, "GET")
        return answer.status_code == 200 and answer.json()["spam"] == "honeypot"

    def ask_for(self, path: str, method: str, **options: Any) -> requests.Response:
        url = f"{self.installation.gateway_url}/v1/submissions/{path}"
        return requests.request(method, url, headers=self._bearer, timeout=20, **options)

    def begin_export(self, format: str) -> requests.Response:  # noqa: A002 - as it is named there
        """Ask for all of it as a file, and read no more of it than its head."""
        url = f"{self.installation.gateway_url}/v1/export?format={format}"
        return requests.get(url, headers=self._bearer, timeout=20, stream=True)

    def places(self, service: str, needle: str = CANARY) -> set[str]:
        engine = database.create(self.installation.database_urls[service])
        try:
            return places_of(engine, needle)
        finally:
            engine.dispose()

    def is_forgotten(self, submission: str) -> bool:
        """Say whether notify keeps nothing of a submission but that it is erased."""
        return self.places("notify", submission) == {"erased"}

    def copy(self, routing_key: str, body: bytes) -> None:
        properties = pika.BasicProperties(
            type=SubmissionAccepted.TYPE, message_id=self.id, delivery_mode=2, headers={"x-parking": routing_key}
        )
        self.installation.queues.publish("", routing_key, body, properties)

    def waits_in(self) -> set[str]:
        """Return the queues in which it waits."""
        queues = self.installation.queues
        return {one.name for one in QUEUES if queues.depth(one.name) and self._is_in(one.name)}

    def _is_in(self, queue: str) -> bool:
        return any(CANARY.encode() in body for body, _ in self.installation.queues.peek(queue))


def planted(subject: Subject) -> bytes:
    """Have it in every place, and return its event as it goes over the broker."""
    answer = subject.upload(name=CANARY, email=f"{CANARY}@example.org", message=f"I am {CANARY}.")
    assert answer.status_code == 202, answer.text
    subject.id = answer.json()["id"]
    eventually(lambda: subject.ask("GET").status_code == 200, 30, "it is stored")
    trapped = subject.post(name=CANARY, email=f"{CANARY}@example.org", _gotcha=f"{CANARY} fills in all")
    subject.spam_id = trapped.json()["id"]
    assert (trapped.status_code, subject.spam_id == subject.id) == (202, False)
    eventually(lambda: subject.is_spam(subject.spam_id), 30, "what fell into the trap is stored as spam")
    assert subject.post(name=f"{CANARY} again", email=f"{CANARY}@example.org", message="once more").status_code in (
        202,
        409,
    )
    assert subject.ask("POST", "/notes", json={"text": f"{CANARY} called"}).status_code == 201
    assert subject.ask("PATCH", json={"labels": [CANARY]}).status_code == 200
    assert any(CANARY.encode() in one for one in subject.uploaded())
    records = Records(database.create(subject.installation.database_urls["storage"]))
    row = records.one(UUID(subject.id), None)
    assert row
    files = tuple(one.submitted for one in records.files([row.id])[row.id])
    event = SubmissionAccepted(row.id, row.form, row.accepted_at, row.fields, row.fingerprint, files=files)
    other = {**row.fields, "name": f"{CANARY} again"}
    subject.copy(STORAGE.name, replace(event, fields=other, fingerprint=fingerprint(other)).encode())
    for work in (STORAGE, NOTIFY_SUBMISSIONS):
        subject.copy(work.parked, event.encode())
    eventually(lambda: not IN_STORAGE - subject.places("storage"), 30, "it is everywhere in storage")
    eventually(lambda: subject.places("notify") >= {"notify_parked"}, 30, "notify has parked it")
    eventually(lambda: "deliveries" in subject.places("notify", subject.id), 30, "notify has planned its mails")
    eventually(subject.waits_in, 30, "its confirmation waits on a level")
    return event.encode()


def is_erased(subject: Subject, submission: str) -> bool:
    return subject.ask_for(submission, "DELETE").status_code in (204, 404)


def crash_while_exporting(subject: Subject, left: Path) -> None:
    """End a console at once that writes files, and see that it leaves none."""
    installation = subject.installation
    engine = database.create(installation.database_urls["storage"])
    events = [an_event(text=f"{CANARY} {token_hex(200_000)}") for _ in range(150)]
    store(engine, *events)
    engine.dispose()
    begun = [subject.begin_export(one) for one in ("csv", "xlsx", "ndjson", "json")]
    assert [one.status_code for one in begun] == [200] * 4
    installation.consoles[0].kill()
    for one in begun:
        with pytest.raises(requests.RequestException):
            assert not one.content, "vacuous: it was written whole before"
    assert [one for one in left.rglob("*") if one.is_file()] == []
    installation.consoles[0].start()
    installation.await_ready()
    for event in events:  # the gateway may take the console for away for a moment, and says so by 503
        eventually(partial(is_erased, subject, str(event.id)), 30, "it is erased")


def test_it_is_found_nowhere(
    installation: Installation, tmp_path: Path, collector: Collector, raw: SqliteFiles | PostgresFiles
) -> None:
    subject = Subject(installation)
    event = planted(subject)
    crash_while_exporting(subject, tmp_path / "tmp")
    of_it = "messaging.message.id"
    eventually(lambda: any(one.attributes.get(of_it) == subject.id for one in collector.spans), 30, "it is traced")
    assert raw.have(installation, CANARY), "it has to be in the files first"
    assert subject.ask("DELETE").status_code == 204
    assert subject.places("storage") >= {"submissions"}, "the spam is there still"
    assert subject.ask_for(subject.spam_id, "DELETE").status_code == 204
    erased_at = datetime.now(UTC)
    assert subject.places("storage") == set()
    eventually(lambda: not subject.places("notify"), 30, "notify has forgotten it")
    for one in (subject.id, subject.spam_id):
        eventually(partial(subject.is_forgotten, one), 30, "notify keeps its key alone")
    assert subject.ask("GET").status_code == 404
    eventually(lambda: not subject.uploaded(), 60, "its file has left the store")

    for queue in (STORAGE.name, NOTIFY_SUBMISSIONS.name, STORAGE.parked, NOTIFY_SUBMISSIONS.parked):
        subject.copy(queue, event)
    eventually(lambda: not subject.waits_in(), 90, "no queue and no level has it")
    assert subject.places("storage") | subject.places("notify") == set()
    said = [requests.get(f"{url}/metrics", timeout=10).text for url in installation.metrics_urls.values()]
    assert any("counterfoil_submissions_arrived_after_erasure_total 1.0" in text for text in said)

    eventually(lambda: datetime.now(UTC) > erased_at + timedelta(seconds=62), 90, "a minute is over")
    later = subject.post(name="Grace", email="grace@example.org", message="hello")
    assert (later.status_code, later.json()["id"]) == (202, subject.id)
    eventually(lambda: subject.ask("GET").status_code == 200, 30, "what comes later is stored")
    assert subject.ask("GET").json()["fields"]["name"] == "Grace"

    installation.stop()
    raw.vacuum(installation)
    assert not raw.have(installation, CANARY)
    assert not [body for body in collector.bodies if CANARY.encode() in body]
    files = [one for one in (tmp_path / "installation").rglob("*") if one.is_file()]
    assert [one for one in files if CANARY.encode() in one.read_bytes()] == []
    assert subject.id in (tmp_path / "erasures").read_text()
