"""Runs a gateway in this process, over a broker in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.flask_app import GatewayApp
from gateway.http.counting import NO_COUNTERS, MailCounters
from gateway.intake.outcome_counters import OutcomeCounters
from gateway.receipts.watchers import Watch, Watchers
from gateway.settings import Settings
from gateway.spam.models import Models, NoModels
from shared import forms
from shared.contracts import SubmissionAccepted, decode
from shared.files import FileStore
from shared.forms import Forms, FormSecrets
from shared.messaging.broker import Params
from shared.messaging.memory import MemoryBroker
from shared.messaging.topology import NOTIFY_QUERIES, NOTIFY_SUBMISSIONS, STORAGE, STORAGE_QUERIES
from shared.tracing import Spans

SECRET = "a secret of the tests, longer than thirty-two characters"
GOOD = {"name": "Ada Lovelace", "email": "ada@example.org"}

FORMS = """
[forms.signup]
title = "Sign up"
fields.name = {type = "text", required = true, max_length = 200, label = "Name"}
fields.email = {type = "email", required = true, label = "Email"}
confirmation.subject = "Welcome, {name}"

[forms.contact]
allowed_origins = ["https://www.example.org"]
redirect = "https://www.example.org/thanks"
honeypot = "leave_this_empty"
fields.name = {type = "text", max_length = 200}
fields.message = {type = "text"}

[forms.types]
confirmation.enabled = false
fields.text = {type = "text", max_length = 10}
fields.email = {type = "email"}
fields.number = {type = "number"}
fields.integer = {type = "integer"}
fields.boolean = {type = "boolean"}
fields.date = {type = "date"}
fields.url = {type = "url"}
fields.tel = {type = "tel"}
fields.choice = {type = "choice", choices = ["one", "two"]}
fields.list = {type = "list", choices = ["a", "b"]}
fields.long = {type = "text", max_length = 5000}

[forms.open]
title = "Anything"
"""


@dataclass
class Receipts:
    """What storage and notify would answer, until a test says otherwise."""

    stored: dict[str, Any] = field(default_factory=lambda: {"stored_at": None, "fingerprint": None})
    confirmations: list[dict[str, Any]] = field(default_factory=list)

    def serve(self, broker: MemoryBroker) -> None:
        """Answer on both query queues."""
        broker.serve(STORAGE_QUERIES, {"receipt": self._storage})
        broker.serve(NOTIFY_QUERIES, {"receipt": self._notify})

    def _storage(self, _params: Params) -> dict[str, Any]:
        return self.stored

    def _notify(self, _params: Params) -> dict[str, Any]:
        return {"confirmations": self.confirmations}


@dataclass
class Gateway:
    """The application, its broker and a client."""

    broker: MemoryBroker
    app: GatewayApp
    client: FlaskClient
    forms: Forms

    def published(self) -> list[SubmissionAccepted]:
        """Return the events that storage would get."""
        return [
            decode(message.body, type=message.type, types=(SubmissionAccepted,))
            for message in self.broker.queued(STORAGE.name)
        ]

    def take_published(self) -> list[SubmissionAccepted]:
        """Take the events off the queues; storage and notify must have got the same."""
        events = self.published()
        assert len(self.broker.queued(NOTIFY_SUBMISSIONS.name)) == len(events)
        for queue in (STORAGE, NOTIFY_SUBMISSIONS):
            self.broker._queues.pop(queue.name, None)
        return events

    def submitted(
        self, form: str = "signup", values: Mapping[str, Any] = GOOD, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Post JSON that has to be accepted, and return the answer."""
        answer = self.client.post(f"/f/{form}", json=values, headers=headers)
        assert answer.status_code == 202, answer.text
        return document_of(answer)


def document_of(answer: TestResponse) -> dict[str, Any]:
    """Return the JSON object of an answer."""
    document = answer.get_json()
    assert isinstance(document, dict)
    return document


def errors_of(answer: TestResponse) -> list[tuple[str, str | None]]:
    """Return the codes of an answer's errors, each with its field."""
    return [(error["code"], error.get("field")) for error in document_of(answer)["errors"]]


def watches_of(gateway: Gateway) -> dict[UUID, set[Watch]]:
    """Return who watches which receipt now."""
    watchers, *_ = gateway.app._streams
    assert isinstance(watchers, Watchers)
    return watchers._watches


def a_gateway(
    directory: Path,
    *,
    heartbeat_s: float = 0.05,
    watchers_most: int = 10,
    definitions: str = FORMS,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    files: FileStore | None = None,
    models: Models | None = None,
    counters: OutcomeCounters | None = None,
    fetch: Callable[[str], bytes] | None = None,
    mail_counters: MailCounters = NO_COUNTERS,
    spans: Spans | None = None,
    **settings: Any,
) -> Gateway:
    """Return a gateway; `settings` are those that differ from the tests' own, `files` is where it keeps any, `models`
    holds the spam model, and there is none unless it is given. `fetch` has what SNS has at an address."""
    path = directory / "forms.toml"
    path.write_text(definitions, encoding="utf-8")
    kept = {"forms": path, "form_secrets": FormSecrets(directory / "secrets")}
    given = Settings(**{"secret": SECRET, **kept, "rate_limit": "none", **settings})
    broker = MemoryBroker()
    loaded = forms.load(path)
    app = create_app(
        given,
        loaded,
        broker,
        heartbeat_s=heartbeat_s,
        watchers_most=watchers_most,
        clock=clock,
        files=files,
        models=models or NoModels(),
        counters=counters,
        fetch=fetch,
        mail_counters=mail_counters,
        spans=spans,
    )
    return Gateway(broker, app, app.test_client(), loaded)
