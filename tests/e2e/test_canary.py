"""Somebody is planted in every place of an installation, erased, and found nowhere any more, whatever comes again."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pika
import pytest
import requests
from sqlalchemy import make_url

from dev.broker import Broker
from shared import database
from shared.contracts import SubmissionAccepted, fingerprint
from shared.messaging.topology import NOTIFY_SUBMISSIONS, QUEUES, STORAGE
from storage_service.records.search import Records
from support.erasures import places_of
from support.faulty.moody_smtp import MoodySink
from support.installation import EXAMPLE_FORMS, Installation
from support.polling import eventually
from support.service import ROOT
from support.visitor import JSON

CANARY = "canaryzz"
KEY = {"Idempotency-Key": "f6f2c1c8-9b7e-4a39-8f5c-3f1a5b9a7d10"}
OWNER = "\n[forms.contact.owner]\nto = 'owner@example.org'\n"
IN_STORAGE = {"submissions", "conflicts", "submission_notes", "submission_labels", "storage_parked", "search_fields"}


@pytest.fixture
def installation(tmp_path: Path, rabbitmq: Broker) -> Iterator[Installation]:
    forms = tmp_path / "forms.toml"
    forms.write_text(EXAMPLE_FORMS.read_text() + OWNER)
    erasures = {"COUNTERFOIL_ERASURES": str(tmp_path / "erasures")}
    with (
        MoodySink(tmp_path / "mail", lambda address: "450" if CANARY in address else "") as sink,
        Installation(
            tmp_path / "installation",
            consoles=1,
            broker_url=rabbitmq.fresh_vhost(),
            smtp_url=sink.url,
            forms=forms,
            special={"console": erasures},
        ) as made,
    ):
        yield made


class Subject:
    """The submission, wherever it is."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.id = ""
        scopes = ("read", "write", "erase")
        self._bearer = {"Authorization": f"Bearer {installation.key(*scopes)}"}

    def post(self, **fields: str) -> requests.Response:
        url = f"{self.installation.gateway_url}/f/contact"
        return requests.post(url, json=fields, headers=JSON | KEY, timeout=20)

    def ask(self, method: str, path: str = "", **options: Any) -> requests.Response:
        url = f"{self.installation.gateway_url}/v1/submissions/{self.id}{path}"
        return requests.request(method, url, headers=self._bearer, timeout=20, **options)

    def places(self, service: str, needle: str = CANARY) -> set[str]:
        engine = database.create(self.installation.database_urls[service])
        try:
            return places_of(engine, needle)
        finally:
            engine.dispose()

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
    answer = subject.post(name=CANARY, email=f"{CANARY}@example.org", message=f"I am {CANARY}.")
    assert answer.status_code == 202, answer.text
    subject.id = answer.json()["id"]
    eventually(lambda: subject.ask("GET").status_code == 200, 30, "it is stored")
    assert subject.post(name=f"{CANARY} again", email=f"{CANARY}@example.org", message="once more").status_code in (
        202,
        409,
    )
    assert subject.ask("POST", "/notes", json={"text": f"{CANARY} called"}).status_code == 201
    assert subject.ask("PATCH", json={"labels": [CANARY]}).status_code == 200
    row = Records(database.create(subject.installation.database_urls["storage"])).one(UUID(subject.id), None)
    assert row
    event = SubmissionAccepted(row.id, row.form, row.accepted_at, row.fields, row.fingerprint)
    other = {**row.fields, "name": f"{CANARY} again"}
    subject.copy(STORAGE.name, replace(event, fields=other, fingerprint=fingerprint(other)).encode())
    for work in (STORAGE, NOTIFY_SUBMISSIONS):
        subject.copy(work.parked, event.encode())
    eventually(lambda: not IN_STORAGE - subject.places("storage"), 30, "it is everywhere in storage")
    eventually(lambda: subject.places("notify") >= {"notify_parked"}, 30, "notify has parked it")
    eventually(lambda: "deliveries" in subject.places("notify", subject.id), 30, "notify has planned its mails")
    eventually(subject.waits_in, 30, "its confirmation waits on a level")
    return event.encode()


def test_it_is_found_nowhere(installation: Installation, tmp_path: Path) -> None:
    subject = Subject(installation)
    event = planted(subject)
    assert subject.ask("DELETE").status_code == 204
    erased_at = datetime.now(UTC)
    assert subject.places("storage") == set()
    eventually(lambda: not subject.places("notify"), 30, "notify has forgotten it")
    eventually(lambda: subject.places("notify", subject.id) == {"erased"}, 30, "notify keeps its key alone")
    assert subject.ask("GET").status_code == 404

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
    _vacuum(installation)
    files = [one for one in (tmp_path / "installation").rglob("*") if one.is_file()]
    assert [one for one in files if CANARY.encode() in one.read_bytes()] == []
    assert subject.id in (tmp_path / "erasures").read_text()


def _vacuum(installation: Installation) -> None:
    """Do to both files what docs/privacy.md says."""
    told = (ROOT / "docs" / "privacy.md").read_text()
    statements = re.findall(r"- SQLite: `(.*?)`", told)[0].rstrip(";").split("; ")
    for service, url in installation.database_urls.items():
        file = sqlite3.connect(str(make_url(url).database), isolation_level=None)
        for statement in statements[0 if service == "storage" else 1 :]:  # notify has no index of words
            file.execute(statement)
        file.close()
