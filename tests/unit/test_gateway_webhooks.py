"""What the gateway does about webhooks: it marks what is for one, and shows owners, not submitters, what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.contracts import Confirmation
from shared.messaging.topology import NOTIFY_QUERIES, NOTIFY_SUBMISSIONS, STORAGE, STORAGE_QUERIES, WORK_QUEUES
from support.gateway_app import API_KEY, GOOD, Gateway, a_gateway, document_of
from support.webhooks import SECRET

OWNER = {"Authorization": f"Bearer {API_KEY}"}
FORMS = f"""
[forms.told]
webhook = {{url = "https://owner.example.org/", secret = "{SECRET}"}}
telegram = {{token_file = "bot", chat = 1}}
[forms.off]
webhook = {{url = "https://owner.example.org/", secret = "{SECRET}", enabled = false}}
[forms.filed]
webhook = {{url = "https://owner.example.org/", secret_file = "/nowhere/that/the/gateway/could/read"}}
[forms.signup]
[forms.untold]
owner.enabled = false
"""


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS)


def copies(gateway: Gateway) -> dict[str, int]:
    found = {work.name: len(gateway.broker.queued(work.name)) for work in WORK_QUEUES}
    return {name: count for name, count in found.items() if count}


TWO = {STORAGE.name: 1, NOTIFY_SUBMISSIONS.name: 1}


@pytest.mark.parametrize("form", ["told", "filed", "off", "signup"])
def test_two_copies_are_published_whatever_a_form_has_switched_on(gateway: Gateway, form: str) -> None:
    gateway.submitted(form)
    assert copies(gateway) == TWO


def test_spam_is_published_twice_too_and_says_that_it_is(gateway: Gateway) -> None:
    gateway.submitted("told", GOOD | {"_gotcha": "x"})
    assert copies(gateway) == TWO
    assert gateway.published()[0].spam == "honeypot"


def shown(gateway: Gateway, answer: dict[str, Any] | None, form: str = "told", **stored: Any) -> dict[str, Any]:
    submission = {
        "id": "00000000-0000-0000-0000-000000000007",
        "form": form,
        "accepted_at": "2026-11-22T17:03:44.123456Z",
        "stored_at": "2026-11-22T17:03:45.123456Z",
        "fields": GOOD,
        "fingerprint": "0",
        **stored,
    }
    gateway.broker.serve(STORAGE_QUERIES, {"submission": lambda _: {"submission": submission}})
    if answer is not None:
        gateway.broker.serve(NOTIFY_QUERIES, {"deliveries": lambda _: answer})
    return document_of(gateway.client.get(f"/v1/submissions/{submission['id']}", headers=OWNER))


MAIL = {"channel": "email", "state": "sent", "attempts": 1, "at": None}
FAILED = {"channel": "webhook", "state": "failed", "attempts": 1, "at": None}


def test_the_owner_sees_what_became_of_the_webhook_and_the_state_is_that_of_the_mail(gateway: Gateway) -> None:
    document = shown(gateway, {"confirmations": [MAIL], "webhooks": [FAILED]})
    assert (document["state"], document["confirmations"], document["webhooks"]) == ("confirmed", [MAIL], [FAILED])
    assert document["unknown"] == []


def test_the_owner_sees_why_a_webhook_waits_and_a_submitter_does_not(gateway: Gateway) -> None:
    waits = {**FAILED, "state": "retrying", "error": "no secret: the file cannot be read: No such file or directory"}
    document = shown(gateway, {"confirmations": [MAIL], "webhooks": [waits]})
    assert document["webhooks"] == [waits]
    told = Confirmation.from_json({**MAIL, "state": "failed", "error": "rcpt 550"})
    assert told.to_json()["error"] == "rcpt 550"
    assert "error" not in told.for_receipt().to_json()


@pytest.mark.parametrize(
    ("form", "stored", "waiting"),
    [("told", {}, ["webhook", "telegram"]), ("off", {}, []), ("gone", {}, []), ("told", {"spam": "honeypot"}, [])],
)
def test_of_what_is_parked_before_it_is_planned_the_owner_sees_what_its_form_asks_for(
    gateway: Gateway, form: str, stored: dict[str, str], waiting: list[str]
) -> None:
    parked = dict.fromkeys(["email", "webhook", "slack", "telegram"], "2026-11-22T12:00:00.000000Z")
    document = shown(gateway, {"confirmations": [], "webhooks": [], "parked": parked}, form, **stored)
    assert [(one["channel"], one["state"]) for one in document["webhooks"]] == [(name, "failed") for name in waiting]


def test_an_older_notify_says_nothing_of_webhooks(gateway: Gateway) -> None:
    assert shown(gateway, {"confirmations": [MAIL]})["webhooks"] == []


@pytest.mark.parametrize(
    ("form", "stored", "unknown"),
    [
        ("told", {}, ["confirmations", "webhooks"]),
        ("signup", {}, ["confirmations", "webhooks"]),  # whom it tells by mail, notify alone knows
        ("untold", {}, ["confirmations"]),
        ("told", {"spam": "honeypot"}, []),
        ("gone", {}, []),
    ],
)
def test_without_notify_it_is_unknown_where_there_is_one(
    gateway: Gateway, form: str, stored: dict[str, str], unknown: list[str]
) -> None:
    document = shown(gateway, None, form, **stored)
    assert (document["webhooks"], document["unknown"]) == ([], unknown)


TRY = {"number": 1, "at": "2026-11-22T12:00:00.000000Z", "took_ms": 9, "outcome": "failed", "said": "status 410"}


def test_the_owner_sees_every_delivery_with_its_tries(gateway: Gateway) -> None:
    told = {**dict.fromkeys(("destination", "reason", "next_attempt_at")), "channel": "webhook", "tries": [TRY]}
    waits, failed = {**told, "state": "pending"}, {**told, "state": "failed"}
    parked_at = "2026-11-22T13:00:00.000000Z"
    answer = {"confirmations": [MAIL], "webhooks": [FAILED], "deliveries": [waits, failed]}
    document = shown(gateway, {**answer, "parked": {"webhook": parked_at}})
    assert document["deliveries"] == [{**waits, "parked_at": parked_at}, {**failed, "parked_at": None}]


def test_of_an_older_notify_the_owner_sees_the_deliveries_without_their_tries(gateway: Gateway) -> None:
    held = {**FAILED, "state": "held", "limit": "form", "at": "2026-11-22T12:00:00Z"}
    deliveries = shown(gateway, {"confirmations": [MAIL], "webhooks": [held]})["deliveries"]
    assert [(one["channel"], one["state"], one["limit"], one["tries"]) for one in deliveries] == [
        ("email", "sent", None, []),
        ("webhook", "held", "form", []),
    ]
    assert deliveries[1]["changed_at"] == "2026-11-22T12:00:00Z"
    assert not {"at"} & deliveries[1].keys()
