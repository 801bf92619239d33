"""Spam, a flood and a victim, against a whole installation with its limits on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.installation import Installation
from support.polling import eventually
from support.visitor import JSON, Visitor

FORMS = """
[forms.signup]
[forms.strict]
rate_limit = "3/hour"
[forms.ruled.spam]
deny_words = ["casino"]
links = 1
min_time = "3 s"
"""
CAP = 2


@pytest.fixture(scope="module")
def sink(server_directory: Path) -> Iterator[MailSink]:
    with MailSink(server_directory / "abuse-mail") as made:
        yield made


@pytest.fixture(scope="module")
def guarded(server_directory: Path, rabbitmq: Broker, sink: MailSink) -> Iterator[Installation]:
    place = server_directory / "abuse"
    place.mkdir()
    forms = place / "forms.toml"
    forms.write_text(FORMS)
    limits = {"COUNTERFOIL_CONFIRMATIONS_PER_RECIPIENT": f"{CAP}/day", "COUNTERFOIL_RATE_LIMIT": "600/minute"}
    with Installation(
        place, consoles=1, broker_url=rabbitmq.fresh_vhost(), smtp_url=sink.url, forms=forms, settings=limits
    ) as installation:
        yield installation


def post(guarded: Installation, form: str, **fields: str) -> requests.Response:
    return requests.post(f"{guarded.gateway_url}/f/{form}", json=fields, headers=JSON, timeout=10)


def listed(guarded: Installation, form: str, query: str = "") -> list[dict[str, object]]:
    answer = requests.get(
        f"{guarded.gateway_url}/v1/forms/{form}/submissions{query}",
        headers={"Authorization": f"Bearer {guarded.api_key}"},
        timeout=10,
    )
    answer.raise_for_status()
    found: list[dict[str, object]] = answer.json()["submissions"]
    return found


def seen_by_owner(guarded: Installation, receipt_url: str) -> dict[str, Any]:
    answer = requests.get(
        f"{guarded.gateway_url}/v1/submissions/{guarded.receipt(receipt_url)['id']}",
        headers={"Authorization": f"Bearer {guarded.api_key}"},
        timeout=10,
    )
    assert answer.ok, answer.text  # it may not be stored yet
    found: dict[str, Any] = answer.json()
    return found


def test_what_the_trap_catches_is_stored_apart_and_mailed_to_nobody(guarded: Installation, sink: MailSink) -> None:
    caught = post(guarded, "signup", email="robot@example.org", _gotcha="buy")
    honest = post(guarded, "signup", email="ada@example.org")
    assert (caught.status_code, caught.json().keys()) == (honest.status_code, honest.json().keys())
    visitor = Visitor(guarded, sink, "ada@example.org")
    visitor.await_confirmed(honest.json()["receipt_url"])
    eventually(lambda: len(listed(guarded, "signup", "?spam=true")) == 1, 20, "the spam is stored")
    [spam] = listed(guarded, "signup", "?spam=true")
    assert (spam["id"], spam["spam"]) == (caught.json()["id"], "honeypot")
    assert spam["fields"] == {"email": "robot@example.org", "_gotcha": "buy"}
    assert [one["id"] for one in listed(guarded, "signup")] == [honest.json()["id"]]
    receipt: dict[str, Any] = guarded.receipt(caught.json()["receipt_url"])
    assert [one["state"] for one in receipt["confirmations"]] == ["pending"], "as of any that nobody tries to confirm"
    assert Visitor(guarded, sink, "robot@example.org").mails() == []


@pytest.mark.parametrize(
    ("rule", "message", "query"),
    [
        ("rule:words", "Best ca\u200bsino", ""),
        ("rule:links", "http://a.example http://b.example", ""),
        ("rule:time", "quick", "?open_ms=40"),
    ],
)
def test_what_a_rule_catches_is_answered_as_all_is_and_mailed_to_nobody(
    guarded: Installation, sink: MailSink, rule: str, message: str, query: str
) -> None:
    robot, person = (f"{who}-{rule.removeprefix('rule:')}@example.org" for who in ("robot", "person"))
    caught = post(guarded, f"ruled{query}", email=robot, message=message)
    honest = post(guarded, "ruled", email=person, message="Good morning")
    assert (caught.status_code, caught.json().keys()) == (honest.status_code, honest.json().keys())
    Visitor(guarded, sink, person).await_confirmed(honest.json()["receipt_url"])

    def held() -> dict[str, Any]:
        return {str(one["id"]): one["spam"] for one in listed(guarded, "ruled", "?spam=true")}

    eventually(lambda: held().get(caught.json()["id"]) == rule, 20, "it is stored apart")
    assert honest.json()["id"] not in held()
    assert seen_by_owner(guarded, caught.json()["receipt_url"])["fields"] == {"email": robot, "message": message}
    assert Visitor(guarded, sink, robot).mails() == []


def test_a_flood_is_told_to_wait(guarded: Installation) -> None:
    answers = [post(guarded, "strict", message=f"number {number}") for number in range(5)]
    assert [answer.status_code for answer in answers] == [202] * 3 + [429] * 2
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert answers[-1].json()["errors"][0]["code"] == "TOO_MANY_REQUESTS"
    eventually(lambda: len(listed(guarded, "strict")) == 3, 20, "those that were taken are stored")


def test_a_victim_gets_no_more_mails_than_the_cap(guarded: Installation, sink: MailSink) -> None:
    receipts = [post(guarded, "signup", email=f"victim+{n}@example.org").json()["receipt_url"] for n in range(CAP + 3)]

    def states() -> list[str]:
        return sorted(str(guarded.receipt(url)["state"]) for url in receipts)

    def limits() -> list[str]:
        shown = (one for url in receipts for one in seen_by_owner(guarded, url)["confirmations"])
        return [one["limit"] for one in shown if one["state"] == "held"]

    eventually(lambda: limits() == ["recipient"] * 3, 30, "the owner sees what is held, and by what")
    eventually(lambda: states() == ["confirmed"] * CAP + ["stored"] * 3, 30, "the others are confirmed")
    shown = [str(guarded.receipt(url)["confirmations"]) for url in receipts]
    assert not [one for one in shown if "held" in one or "limit" in one], "a receipt gives no cap away"
    mails = [Visitor(guarded, sink, f"victim+{n}@example.org").mails() for n in range(CAP + 3)]
    assert sum(len(each) for each in mails) == CAP
