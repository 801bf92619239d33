"""Hooks as Zapier, Make and n8n use them, by the sequences that each documents, against services that run.

Zapier (docs.zapier.com, "Add a REST Hook trigger"): subscribe with the address of the Zap; list samples while it is set
up; be called; unsubscribe with what the subscription answered; answer 410 where a Zap is gone.
n8n (docs.n8n.io, the methods of a trigger node's webhook): `checkExists` lists and compares addresses, `create` posts,
`delete` deletes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from sqlalchemy import Select, delete, select

from dev.broker import Broker
from dev.mail_sink import MailSink
from notify_service.hooks.known import FRESH_S
from notify_service.tables import deliveries, hooks
from shared import database
from storage_service.accounts.keys import Keys
from support.hooks import verified
from support.installation import Installation
from support.polling import eventually
from support.service import clean_environment
from support.webhook_receiver import Receiver

FORMS = """
[forms.signup]
fields.name = {type = "text"}
[forms.contact]
fields.name = {type = "text"}
"""


class Program:
    """A program that brings a key, as Zapier or n8n does."""

    def __init__(self, installation: Installation, key: str) -> None:
        self._base = f"{installation.gateway_url}/v1"
        self._head = {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, f"{self._base}{path}", headers=self._head, timeout=10, **options)

    def subscribe(self, url: str, **others: Any) -> dict[str, Any]:
        answer = self.ask("POST", "/hooks", json={"url": url, **others})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def exists(self, url: str) -> bool:
        return url in [one["url"] for one in self.ask("GET", "/hooks").json()["hooks"]]


class World:
    """An installation, a key, and who is called."""

    def __init__(self, installation: Installation, receiver: Receiver) -> None:
        self.installation, self.receiver = installation, receiver
        self.secrets: dict[str, str] = {}
        engine = database.create(installation.database_urls["storage"])
        self.key = Keys(engine).add("zapier", ["read", "export", "erase"], ["signup"], None)
        engine.dispose()
        self.program = Program(installation, self.key)

    def post(self, form: str = "signup", **fields: Any) -> str:
        answer = requests.post(
            f"{self.installation.gateway_url}/f/{form}",
            json={"name": "Ada", "_replyto": "ada@example.org", **fields},
            timeout=10,
        )
        assert answer.status_code == 202, answer.text
        accepted: str = answer.json()["id"]
        return accepted

    def called(self, path: str, submission: str) -> list[dict[str, Any]]:
        """Return what an address was told of a submission, where its signature is good."""
        told = [one for one in self.receiver.at(path) if submission in one.body.decode()]
        return [verified(one.headers, one.body, self.secrets[path]) for one in told]

    def subscribe(self, path: str, **others: Any) -> dict[str, Any]:
        """Subscribe an address of the receiver, and wait until notify knows of it."""
        made = self.program.subscribe(self.receiver.url(path), **others)
        self.secrets[path] = made["secret"]
        eventually(lambda: made["id"] in self.known(), 30, "notify knows of the hook")
        return made

    def known(self) -> list[str]:
        """Return the hooks that notify calls."""
        return [str(one) for one in self._notify(select(hooks.c.id).where(hooks.c.is_ended.is_(False)))]

    def is_planned(self, submission: str) -> bool:
        """Say whether it is known what a submission asks for: the mail at least."""
        return bool(self._notify(select(deliveries.c.id).where(deliveries.c.submission_id == UUID(submission))))

    def _notify(self, found: Select[Any]) -> list[Any]:
        engine = database.create(self.installation.database_urls["notify"])
        try:
            with engine.connect() as connection:
                return list(connection.scalars(found))
        finally:
            engine.dispose()


@pytest.fixture
def world(server_directory: Path, rabbitmq: Broker, request: pytest.FixtureRequest) -> Iterator[World]:
    directory = server_directory / request.node.name[:30]
    directory.mkdir()
    forms = directory / "forms.toml"
    forms.write_text(FORMS)
    settings = {"COUNTERFOIL_WEBHOOK_ALLOW": "127.0.0.0/8"}
    with (
        Receiver() as receiver,
        MailSink(directory / "mail") as sink,
        Installation(
            directory,
            broker_url=rabbitmq.fresh_vhost(),
            smtp_url=sink.url,
            forms=forms,
            settings=settings,
            consoles=1,
        ) as installation,
    ):
        yield World(installation, receiver)


def test_zapiers_sequence(world: World) -> None:
    [sample] = world.program.ask("GET", "/hooks/sample?form=signup&event=submission.accepted").json()
    hook = world.subscribe("/zap", events=["submission.accepted"], form="signup")
    first, other = world.post(), world.post("contact")
    eventually(lambda: world.called("/zap", first), 30, "it is called")
    [body] = world.called("/zap", first)
    assert body.keys() == sample.keys()
    assert body["data"].keys() >= sample["data"].keys() - {"submission_url"}
    assert (body["type"], body["data"]["fields"]) == ("submission.accepted", {"name": "Ada"})
    assert world.program.ask("GET", "/hooks/sample?form=signup").json()[0]["id"] == body["id"]
    assert [world.program.ask("DELETE", f"/hooks/{hook['id']}").status_code for _ in range(2)] == [204, 204]
    eventually(lambda: not world.known(), 30, "notify knows that it has ended")
    second = world.post()
    eventually(lambda: world.is_planned(second), 30, "what comes then is planned")
    assert world.called("/zap", second) == world.called("/zap", other) == []


def test_n8ns_sequence_and_a_gone_workflow(world: World) -> None:
    url = world.receiver.url("/n8n")
    assert not world.program.exists(url)
    world.subscribe("/n8n")
    assert world.program.exists(url)
    spam = world.post(_gotcha="buy")
    submission = world.post()
    eventually(lambda: world.called("/n8n", submission), 30, "it is called")
    assert world.called("/n8n", spam) == []
    world.receiver.answers["/n8n"] = 410
    last = world.post()
    eventually(lambda: world.called("/n8n", last), 30, "it answers that it is gone")
    eventually(lambda: not world.program.exists(url), 30, "the hook has ended")
    again = world.post()
    eventually(lambda: world.is_planned(again), 30, "what comes then is planned")
    assert world.called("/n8n", again) == []


def test_who_had_a_submission_is_told_that_it_is_erased(world: World) -> None:
    world.subscribe("/zap", events=["submission.accepted", "submission.erased"])
    world.subscribe("/quiet")
    submission = world.post()
    for path in ("/zap", "/quiet"):
        eventually(lambda one=path: world.called(one, submission), 30, "it is called")  # type: ignore[misc]
    assert world.program.ask("DELETE", f"/submissions/{submission}").status_code == 204
    eventually(lambda: len(world.called("/zap", submission)) == 2, 30, "it is told of the erasure")
    told = world.called("/zap", submission)[1]
    assert (told["type"], told["data"]) == ("submission.erased", {"id": submission, "form": "signup"})
    assert len(world.called("/quiet", submission)) == 1


def test_a_notify_that_lost_its_database_is_told_again(world: World) -> None:
    world.subscribe("/zap")
    engine = database.create(world.installation.database_urls["notify"])
    with engine.begin() as connection:
        connection.execute(delete(hooks))
    engine.dispose()
    environment = clean_environment() | {"COUNTERFOIL_DATABASE_URL": world.installation.database_urls["storage"]}
    done = subprocess.run(
        [sys.executable, "-m", "storage_service", "hook", "tell"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("1 hooks wait")
    eventually(world.known, 30, "notify knows of it")
    submission = world.post()
    eventually(lambda: world.called("/zap", submission), 30 + FRESH_S, "and calls it")
