"""The receipt as it is now: its states, its page, and tokens that were tampered with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.receipts.progress import Progress
from gateway.receipts.tokens import Tokens
from shared.contracts import Confirmation
from shared.messaging.topology import NOTIFY_QUERIES
from support.gateway_app import SECRET, Gateway, Receipts, a_gateway, document_of
from support.receipts import AT, LATER, PAGE, SENT, TICKET, events_of, path_of
from support.shown import words_of


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, clock=lambda: AT)


@pytest.fixture
def told(gateway: Gateway) -> Receipts:
    receipts = Receipts()
    receipts.serve(gateway.broker)
    return receipts


@pytest.mark.parametrize(
    ("stored", "due", "confirmations", "state", "final"),
    [
        (False, True, (), "accepted", False),
        (False, True, ("sent",), "accepted", False),
        (False, False, (), "accepted", False),
        (True, False, (), "stored", True),
        (True, True, (), "stored", False),
        (True, True, None, "stored", False),
        (True, True, ("retrying",), "stored", False),
        (True, True, ("sent",), "confirmed", True),
        (True, True, ("failed",), "failed", True),
        (True, True, ("sent", "pending"), "stored", False),
    ],
)
def test_the_states(stored: bool, due: bool, confirmations: tuple[Any, ...] | None, state: str, final: bool) -> None:
    known = None if confirmations is None else tuple(Confirmation(f"c{n}", s) for n, s in enumerate(confirmations))
    progress = Progress(replace(TICKET, confirmed=due), AT if stored else None, storage_known=True, confirmations=known)
    assert (progress.state, progress.is_final) == (state, final)


@pytest.mark.parametrize(
    ("stored", "confirmation", "heading", "says"),
    [
        (True, SENT, "Confirmed", "The mail server has taken the confirmation to your address."),
        (True, {**SENT, "state": "failed"}, "Not confirmed", "The confirmation could not be delivered."),
        (True, {**SENT, "state": "failed", "attempts": 0}, "Not confirmed", "no confirmation has been sent."),
        (False, {**SENT, "state": "failed", "attempts": 0}, "Not confirmed", "no confirmation has been sent."),
        (True, {**SENT, "state": "retrying"}, "Confirmation", "We keep trying."),
        (True, {**SENT, "state": "pending", "attempts": 0}, "Confirmation", "is being sent."),
        (True, {"parked": {"email": LATER}}, "Not confirmed", "no confirmation has been sent."),
    ],
)
def test_a_page_says_of_the_confirmation_what_became_of_it(
    gateway: Gateway, told: Receipts, stored: bool, confirmation: dict[str, Any], heading: str, says: str
) -> None:
    told.stored = {"stored_at": LATER if stored else None, "fingerprint": "f" if stored else None}
    parked = "parked" in confirmation
    answer = {"confirmations": [], **confirmation} if parked else {"confirmations": [confirmation]}
    gateway.broker.serve(NOTIFY_QUERIES, {"receipt": lambda _: answer})
    words = words_of(gateway.client.get(path_of(TICKET), headers=PAGE).text)
    [found] = {"Confirmed", "Confirmation", "Not confirmed"}.intersection(words)
    assert found == heading
    [text] = [text for text in words if says in text]
    assert ("delivered" in " ".join(words)) == ("delivered" in text)
    assert len([text for text in words if text == "Waiting to be written down."]) == (not stored)


def test_the_page_calls_the_id_as_the_mail_does(gateway: Gateway, told: Receipts) -> None:
    words = words_of(gateway.client.get(path_of(TICKET), headers=PAGE).text)
    assert words[words.index(str(TICKET.id)) - 1] == "Reference"


def test_the_receipt_of_a_form_that_is_gone_does_not_show_its_technical_name(gateway: Gateway) -> None:
    words = words_of(gateway.client.get(path_of(replace(TICKET, form="old-name_7")), headers=PAGE).text)
    assert "Your submission" in words
    assert "old-name_7" not in " ".join(words)


def test_a_receipt_as_json(gateway: Gateway, told: Receipts) -> None:
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    told.confirmations = [SENT]
    answer = gateway.client.get(path_of(TICKET))
    assert answer.status_code == 200
    assert document_of(answer) == {
        "id": str(TICKET.id),
        "form": "signup",
        "state": "confirmed",
        "accepted_at": "2026-11-22T17:03:44.123456Z",
        "stored_at": LATER,
        "confirmations": [SENT],
        "opt_in": None,
        "opted_in_at": None,
        "final": True,
        "unknown": [],
    }


def test_a_retrys_receipt_shows_when_the_first_request_was_accepted(gateway: Gateway, told: Receipts) -> None:
    first = "2026-11-22T17:03:40.000000Z"
    told.confirmations = [SENT]
    told.stored = {"stored_at": "2026-11-22T17:03:41.000000Z", "accepted_at": first, "fingerprint": "f"}
    assert document_of(gateway.client.get(path_of(TICKET)))["accepted_at"] == first
    assert f'datetime="{first}"' in gateway.client.get(path_of(TICKET), headers=PAGE).text
    [event] = [event for event in events_of(gateway.client.get(f"{path_of(TICKET)}/events")) if "data" in event]
    assert first in event["data"]


@pytest.mark.parametrize("end", ["", "/events"])
def test_a_script_on_any_page_may_follow_a_receipt(gateway: Gateway, told: Receipts, end: str) -> None:
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    told.confirmations = [SENT]
    there = {"Origin": "https://www.example.org"}
    answer = gateway.client.get(path_of(TICKET) + end, headers=there)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    forged = gateway.client.get(f"/receipts/forged{end}", headers=there)
    assert (forged.status_code, forged.headers["Access-Control-Allow-Origin"]) == (404, "*")
    preflight = gateway.client.options(path_of(TICKET) + end, headers=there)
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Prefer" in preflight.headers["Access-Control-Allow-Headers"]


def test_what_nobody_answers_for_is_unknown_and_still_200(gateway: Gateway) -> None:
    answer = gateway.client.get(path_of(TICKET))
    assert answer.status_code == 200
    receipt = document_of(answer)
    assert receipt["state"] == "accepted"
    assert receipt["stored_at"] is None
    assert [one["state"] for one in receipt["confirmations"]] == ["unknown"]
    assert receipt["unknown"] == ["stored_at", "confirmations"]
    assert gateway.client.get(path_of(TICKET), headers=PAGE).status_code == 200


def test_no_confirmation_due(gateway: Gateway, told: Receipts) -> None:
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    receipt = document_of(gateway.client.get(path_of(replace(TICKET, confirmed=False))))
    assert (receipt["state"], receipt["confirmations"], receipt["final"]) == ("stored", [], True)


def test_a_submission_says_whether_a_confirmation_is_due(gateway: Gateway) -> None:
    for form, values, due in (
        ("signup", {"name": "Ada", "email": "ada@example.org"}, True),
        ("contact", {"name": "Ada"}, False),
        ("types", {"email": "ada@example.org"}, False),
        ("open", {"Email": "ada@example.org"}, True),
    ):
        token = gateway.submitted(form, values)["receipt_url"].rpartition("/")[2]
        ticket = Tokens(SECRET).read(token)
        assert ticket is not None
        assert ticket.confirmed is due
        assert ticket.accepted_at == gateway.published()[-1].accepted_at


def test_forged_and_cut_tokens_are_404(gateway: Gateway) -> None:
    good = Tokens(SECRET).sign(TICKET)
    other = Tokens("another secret, longer than thirty-two characters").sign(TICKET)
    tampered = good.replace("signup", "contact")
    assert Tokens(SECRET).read(good) == TICKET
    for token in (other, tampered, good[:-1], good[1:], good[: len(good) // 2], "x", "a.b.c.d.e", good + "A", "%ff"):
        for suffix in ("", "/events"):
            answer = gateway.client.get(f"/receipts/{token}{suffix}")
            assert answer.status_code == 404, token


def test_a_receipt_shows_no_field_values(gateway: Gateway) -> None:
    url = gateway.submitted(values={"name": "Canary Lovelace", "email": "canary@example.org"})["receipt_url"]
    for headers in ({}, PAGE):
        assert "anary" not in gateway.client.get(url, headers=headers).text


def test_the_page_of_it_says_that_none_has_been_sent_and_reloads_no_more(tmp_path: Path) -> None:
    gateway, told = a_gateway(tmp_path, clock=lambda: AT + timedelta(minutes=15)), Receipts()
    told.serve(gateway.broker)
    told.stored = {"stored_at": LATER, "fingerprint": "f"}
    page = gateway.client.get(path_of(TICKET), headers=PAGE).text
    assert 'data-mail="unsent"' in page
    assert "no confirmation has been sent" in page
    assert 'http-equiv="refresh"' not in page
