"""The whole way: a form posted in each encoding becomes one row and one mail, and the receipt says so."""

from __future__ import annotations

from typing import Any

import pytest

from support.visitor import JSON, Visitor


def urlencoded(visitor: Visitor) -> dict[str, Any]:
    return {"data": visitor.fields}


def json_body(visitor: Visitor) -> dict[str, Any]:
    return {"json": visitor.fields}


def multipart(visitor: Visitor) -> dict[str, Any]:
    return {"files": {name: (None, value) for name, value in visitor.fields.items()}}


ENCODINGS = pytest.mark.parametrize("encoding", [urlencoded, json_body, multipart])


@ENCODINGS
def test_a_script_gets_202_and_a_receipt_that_turns_confirmed(visitor: Visitor, encoding: Any) -> None:
    answer = visitor.post(**encoding(visitor))
    assert answer.status_code == 202
    accepted = answer.json()
    assert accepted["ok"] is accepted["success"] is True
    assert accepted["id"] == accepted["submission_id"]
    assert answer.headers["Location"] == accepted["receipt_url"] == accepted["next"]
    receipt = visitor.await_confirmed(accepted["receipt_url"])
    assert receipt["id"] == accepted["id"]
    assert receipt["accepted_at"] <= receipt["stored_at"]
    assert [each["channel"] for each in receipt["confirmations"]] == ["email"]
    assert visitor.address not in str(receipt), "a receipt shows no field values"


@ENCODINGS
def test_a_browser_is_sent_on_to_the_receipt_page(visitor: Visitor, encoding: Any) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "navigate"}
    answer = visitor.post(browser, **encoding(visitor))
    assert answer.status_code == 303
    visitor.await_confirmed(answer.headers["Location"])


@ENCODINGS
def test_it_is_one_row_and_one_mail(visitor: Visitor, encoding: Any) -> None:
    accepted = visitor.post(**encoding(visitor)).json()
    visitor.await_confirmed(accepted["receipt_url"])
    (row,) = visitor.listed()
    assert (row["id"], row["form"], row["fields"]) == (accepted["id"], "signup", visitor.fields)
    assert len(visitor.mails()) == 1


def test_a_retry_with_the_same_key_is_the_same_submission(visitor: Visitor) -> None:
    keyed = {**JSON, "Idempotency-Key": visitor.address}
    first, second = (visitor.post(keyed, json=visitor.fields).json() for _ in range(2))
    assert first["id"] == second["id"]
    visitor.await_confirmed(second["receipt_url"])
    assert len(visitor.listed()) == 1
    assert len(visitor.mails()) == 1


def test_another_body_under_the_same_key_is_refused_once_the_first_is_stored(visitor: Visitor) -> None:
    keyed = {**JSON, "Idempotency-Key": visitor.address}
    accepted = visitor.post(keyed, json=visitor.fields).json()
    visitor.await_confirmed(accepted["receipt_url"])
    assert visitor.post(keyed, json={**visitor.fields, "name": "Somebody Else"}).status_code == 409
    assert [row["fields"] for row in visitor.listed()] == [visitor.fields]


def test_the_owner_sees_the_submission_and_its_state(visitor: Visitor) -> None:
    accepted = visitor.submit()
    visitor.await_confirmed(accepted["receipt_url"])
    shown = visitor.as_owner(f"/v1/submissions/{accepted['id']}")
    assert (shown["fields"], shown["state"]) == (visitor.fields, "confirmed")
