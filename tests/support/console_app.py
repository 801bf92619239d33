"""Runs a console in this process, over a real database and a broker in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from shared import forms
from shared.api_keys import hash_of
from shared.files import MemoryFiles
from shared.forms.checks.remarks import FileRemarks
from shared.messaging.memory import MemoryBroker
from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.asker import SCOPES, Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.keys import Fixed, Keys
from storage_service.accounts.mailing import LinkMails
from storage_service.accounts.ways import ways_of
from storage_service.console.app import create_app
from storage_service.console.asking import Asking
from storage_service.console.known.unsealed import OpenedFor
from storage_service.console.parts import Parts
from storage_service.console.persons import AskedElsewhere
from storage_service.console.spam import SpamParts
from storage_service.console.trying import Trying
from storage_service.deliveries.listing import Deliveries
from storage_service.erasing import Erasing
from storage_service.erasing.single import EraseOne
from storage_service.files.reading import Uploads
from storage_service.hooks import Hooks, Samples
from storage_service.jobs.asking import Jobs
from storage_service.jobs.kinds import kinds_of
from storage_service.jobs.runner import JobRunner
from storage_service.jobs.steps import Steps
from storage_service.queries import SubmissionQueries
from storage_service.records import Arrivals, Counting, Hints, Records
from storage_service.records.export import Places
from storage_service.records.overview import Overview
from storage_service.retention.outlook import Outlooks
from storage_service.retention.pauses import Pauses
from storage_service.sealed import Opening
from storage_service.spam.authors import Authors as SpamAuthors
from storage_service.spam.models import Models
from storage_service.spam.standing import standing
from storage_service.subjects import Subjects
from storage_service.subjects.finding import Finder
from storage_service.subjects.package.contents import Contents
from storage_service.views import Views
from storage_service.work import Work

FORMS = """
[forms.signup]
title = "Sign up"
fields.name = {type = "text", label = "Your name"}
fields.email = {type = "email"}

[forms.contact]
confirmation.enabled = false
owner.enabled = false

[forms.closed]
active = false
"""

ALL_KEY = "cf_a-key-of-the-tests-for-everything"


@dataclass
class ConsoleApp:
    """The application, its parts, its broker and a client."""

    app: Flask
    parts: Parts
    broker: MemoryBroker
    client: FlaskClient

    @property
    def began(self) -> Began:
        """What stands in for the training of models."""
        assert isinstance(self.parts.spam.trainer, Began)
        return self.parts.spam.trainer

    def key(self, *scopes: str, forms: list[str] | None = None) -> str:
        """Make a key with these scopes, for these forms, and return it."""
        number = len(self.parts.keys.listed())
        return self.parts.keys.add(f"key-{number}", scopes, forms, None)

    def ask(self, path: str, key: str | None = ALL_KEY, method: str = "GET", **options: Any) -> TestResponse:
        """Send a request, with a key."""
        headers = {**options.pop("headers", {}), **({"Authorization": f"Bearer {key}"} if key else {})}
        return self.client.open(path, method=method, headers=headers, **options)

    def json(self, path: str, key: str = ALL_KEY, **options: Any) -> dict[str, Any]:
        """Return what is answered with 200."""
        answer = self.ask(path, key, **options)
        assert answer.status_code == 200, answer.text
        document = answer.get_json()
        assert isinstance(document, dict)
        return document

    def refusal(self, path: str, key: str | None = ALL_KEY, **options: Any) -> tuple[int, str, str | None]:
        """Return the status, the code and the field of the first error."""
        answer = self.ask(path, key, **options)
        assert answer.headers["Content-Type"] == "application/problem+json"
        document = answer.get_json()
        assert document["status"] == answer.status_code
        first: Mapping[str, str] = document["errors"][0]
        return answer.status_code, first["code"], first.get("field")


@dataclass
class Began:
    """Stands in for what trains: it says who began a training. One that is going on is `busy`."""

    by: list[str] = field(default_factory=list)
    busy: bool = False

    def begin(self, by: Asker) -> bool:
        """Begin one, unless one is going on."""
        if not self.busy:
            self.by.append(by.name)
        return not self.busy


def a_console(
    engine: Engine,
    directory: Path,
    *,
    definitions: str = FORMS,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    **others: Any,
) -> ConsoleApp:
    """Return a console; `others` are parts that differ."""
    path = directory / "forms.toml"
    path.write_text(definitions, encoding="utf-8")
    broker = MemoryBroker()
    records, work, audit = Records(engine, clock=clock), Work(engine, clock=clock), Audit(engine, clock=clock)
    accounts = accounts_of(engine, clock=clock)
    hooks = Hooks(engine, allowed=others.pop("webhook_allow", ()), clock=clock)
    loaded = forms.load(path)
    uploads = others.get("uploads") or Uploads.of(engine, MemoryFiles())
    erasing, contents = (
        Erasing(engine, audit=audit, clock=clock),
        Contents(engine, loaded, OpenedFor(others.get("opening", Opening()), audit), uploads),
    )
    steps = Steps(engine, kinds_of(engine, work, erasing, clock), clock=clock)
    runner = JobRunner(steps, clock_s=lambda: 0.0)  # what is done at once is done, however busy the machine is
    jobs, asking = Jobs(engine, records, runner, audit, clock=clock), Asking(broker.rpc_client())
    given: dict[str, Any] = {
        "records": records,
        "jobs": jobs,
        "erase_one": EraseOne(engine, erasing, audit),
        "subjects": Subjects(Finder(engine), AskedElsewhere(asking), jobs, erasing, contents, audit, clock=clock),
        "views": Views(engine, clock),
        "counting": Counting(engine, clock=clock),
        "hints": Hints(engine),
        "arrivals": _ended(),
        "lag_s": lambda: 0.0,
        "deliveries": Deliveries(engine, clock),
        "overview": Overview.of(engine, clock),
        "trying": Trying(None),
        "remarks": FileRemarks(path),
        "pages": SubmissionQueries(engine),
        "work": work,
        "keys": Keys(engine, [Fixed([hash_of(ALL_KEY)], frozenset(SCOPES))], ended=hooks.end_with_key, clock=clock),
        "hooks": hooks,
        "samples": Samples(engine, loaded, others.get("public_url"), clock),
        "accounts": accounts,
        "link_mails": LinkMails(engine, accounts.links, others.get("public_url"), clock=clock),
        "ways": ways_of(engine, accounts, others.get("public_url"), clock=clock),
        "audit": audit,
        "asking": asking,
        "forms": loaded,
        "clock": clock,
        "exports": Places(4),
        "uploads": uploads,
        "downloads": Places(8),
        "spam": SpamParts(
            standing=partial(standing, engine),
            models=Models(engine, clock=clock),
            authors=SpamAuthors(engine, clock=clock),
            trainer=Began(),
        ),
        "outlooks": Outlooks(engine, clock=clock),
        "pauses": Pauses(engine, clock=clock),
    }
    parts = Parts(**{**given, **others})
    app = create_app(parts)
    return ConsoleApp(app, parts, broker, app.test_client())


def _ended() -> Arrivals:
    """Return arrivals whose streams end at once: who reads a page whole would else wait for ten minutes."""
    arrivals = Arrivals()
    arrivals.end()
    return arrivals
