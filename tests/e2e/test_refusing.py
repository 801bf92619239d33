"""What the gateway refuses is never stored and never mailed."""

from __future__ import annotations

import pytest
import requests

from support.visitor import JSON, Visitor


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"data": b'{"name": ', "headers": {**JSON, "Content-Type": "application/json"}}),
        (415, {"data": b"name=Ada", "headers": {**JSON, "Content-Type": "text/csv"}}),
        (422, {"json": {"name": "Ada Lovelace"}}),
        (422, {"json": {"name": "Ada Lovelace", "email": "nowhere"}}),
        (422, {"json": {"name": "Ada\r\nBcc: eve@example.org", "email": "ada@example.org"}}),
        (413, {"data": {"name": "A" * 2_000_000, "email": "ada@example.org"}}),
    ],
    ids=["malformed", "type", "missing", "address", "header-injection", "size"],
)
def test_bad_input_gets_its_status(visitor: Visitor, status: int, body: dict[str, object]) -> None:
    assert visitor.post(**{"headers": JSON, **body}).status_code == status  # type: ignore[arg-type]


def test_an_unknown_form_is_404(visitor: Visitor) -> None:
    answer = requests.post(f"{visitor.form_url}-no", json=visitor.fields, headers=JSON, timeout=10)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "FORM_NOT_FOUND")


def test_what_was_refused_is_not_there_once_a_later_one_is(visitor: Visitor) -> None:
    assert visitor.post(json={**visitor.fields, "name": ""}).status_code == 422
    visitor.await_confirmed(visitor.submit()["receipt_url"])
    assert len(visitor.listed()) == 1
    assert len(visitor.mails()) == 1
