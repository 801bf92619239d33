"""What an owner sees of the webhooks of a submission, and why one waits; whoever submitted does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.contracts import Confirmation
from shared.messaging.topology import NOTIFY_QUERIES
from support.console_app import ALL_KEY, ConsoleApp, a_console
from support.events import an_event
from support.submission_databases import migrated, store
from support.webhooks import SECRET

FORMS = f"""
[forms.told]
webhook = {{url = "https://owner.example.org/", secret = "{SECRET}"}}
telegram = {{token_file = "bot", chat = 1}}
[forms.off]
webhook = {{url = "https://owner.example.org/", secret = "{SECRET}", enabled = false}}
[forms.signup]
[forms.untold]
owner.enabled = false
"""
MAIL = {"channel": "email", "state": "sent", "attempts": 1, "at": None}
FAILED = {"channel": "webhook", "state": "failed", "attempts": 1, "at": None}


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    with migrated(sqlite_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path, definitions=FORMS)


def shown(
    console: ConsoleApp, engine: Engine, answer: dict[str, Any] | None, form: str = "told", spam: str | None = None
) -> dict[str, Any]:
    event = replace(an_event(form=form), spam=spam)
    store(engine, event)
    if answer is not None:
        console.broker.serve(NOTIFY_QUERIES, {"deliveries": lambda _: answer})
    return console.json(f"/v1/submissions/{event.id}")


def test_the_owner_sees_what_became_of_the_webhook_and_the_state_is_that_of_the_mail(
    console: ConsoleApp, engine: Engine
) -> None:
    document = shown(console, engine, {"confirmations": [MAIL], "webhooks": [FAILED]})
    assert (document["state"], document["confirmations"], document["webhooks"]) == ("confirmed", [MAIL], [FAILED])
    assert document["unknown"] == []


def test_the_owner_sees_why_a_webhook_waits_and_a_submitter_does_not(console: ConsoleApp, engine: Engine) -> None:
    waits = {**FAILED, "state": "retrying", "error": "no secret: the file cannot be read: No such file or directory"}
    document = shown(console, engine, {"confirmations": [MAIL], "webhooks": [waits]})
    assert document["webhooks"] == [waits]
    told = Confirmation.from_json({**MAIL, "state": "failed", "error": "rcpt 550"})
    assert told.to_json()["error"] == "rcpt 550"
    assert "error" not in told.for_receipt().to_json()


@pytest.mark.parametrize(
    ("form", "spam", "waiting"),
    [
        ("told", None, ["webhook", "telegram"]),
        ("off", None, []),
        ("gone", None, []),
        ("told", "honeypot", []),
    ],
)
def test_of_what_is_parked_before_it_is_planned_the_owner_sees_what_its_form_asks_for(
    console: ConsoleApp, engine: Engine, form: str, spam: str | None, waiting: list[str]
) -> None:
    parked = dict.fromkeys(["email", "webhook", "slack", "telegram"], "2026-11-22T12:00:00.000000Z")
    document = shown(console, engine, {"confirmations": [], "webhooks": [], "parked": parked}, form, spam)
    assert [(one["channel"], one["state"]) for one in document["webhooks"]] == [(name, "failed") for name in waiting]


def test_an_older_notify_says_nothing_of_webhooks(console: ConsoleApp, engine: Engine) -> None:
    assert shown(console, engine, {"confirmations": [MAIL]})["webhooks"] == []


@pytest.mark.parametrize(
    ("form", "spam", "unknown"),
    [
        ("told", None, ["confirmations", "webhooks", "deliveries"]),
        ("signup", None, ["confirmations", "webhooks", "deliveries"]),  # whom it tells by mail, notify alone knows
        ("untold", None, ["confirmations", "deliveries"]),
        ("told", "honeypot", ["deliveries"]),
        ("gone", None, ["deliveries"]),
    ],
)
def test_without_notify_it_is_unknown_where_there_is_one(
    console: ConsoleApp, engine: Engine, form: str, spam: str | None, unknown: list[str]
) -> None:
    document = shown(console, engine, None, form, spam)
    assert (document["webhooks"], document["unknown"]) == ([], unknown)


TRY = {"number": 1, "at": "2026-11-22T12:00:00.000000Z", "took_ms": 9, "outcome": "failed", "said": "status 410"}


def test_the_owner_sees_every_delivery_with_its_tries(console: ConsoleApp, engine: Engine) -> None:
    told = {**dict.fromkeys(("destination", "reason", "next_attempt_at")), "channel": "webhook", "tries": [TRY]}
    waits, failed = {**told, "state": "pending"}, {**told, "state": "failed"}
    parked_at = "2026-11-22T13:00:00.000000Z"
    answer = {"confirmations": [MAIL], "webhooks": [FAILED], "deliveries": [waits, failed]}
    document = shown(console, engine, {**answer, "parked": {"webhook": parked_at}})
    assert document["deliveries"] == [{**waits, "parked_at": parked_at}, {**failed, "parked_at": None}]


def test_of_an_older_notify_the_owner_sees_the_deliveries_without_their_tries(
    console: ConsoleApp, engine: Engine
) -> None:
    held = {**FAILED, "state": "held", "limit": "form", "at": "2026-11-22T12:00:00Z"}
    deliveries = shown(console, engine, {"confirmations": [MAIL], "webhooks": [held]})["deliveries"]
    assert [(one["channel"], one["state"], one["limit"], one["tries"]) for one in deliveries] == [
        ("email", "sent", None, []),
        ("webhook", "held", "form", []),
    ]
    assert deliveries[1]["changed_at"] == "2026-11-22T12:00:00Z"
    assert not {"at"} & deliveries[1].keys()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " bearer", "bEaReR "])
def test_the_scheme_of_a_key_is_taken_in_any_case(console: ConsoleApp, scheme: str) -> None:
    answer = console.ask("/v1/submissions", None, headers={"Authorization": f"{scheme} {ALL_KEY}"})
    assert answer.status_code == 200
