"""Nobody can tell from a receipt that a submission is held as spam: it is that of any that nobody tries to confirm."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.receipts.progress import PATIENCE
from shared.contracts import Confirmation
from support.gateway_app import Receipts, a_gateway
from support.receipts import AT, LATER, PAGE, TICKET, path_of

UNTRIED = Confirmation("email", "pending").for_receipt().to_json()
CANCELLED = Confirmation("email", "held", at=AT).for_receipt().to_json()
"""As notify answers for what was planned, and then called spam; see `deliveries.states.shown_state`."""


def told(spam: str | None) -> dict[str, Any]:
    return {"stored_at": LATER, "accepted_at": AT.isoformat(), "fingerprint": "f" * 64, "spam": spam, "erased_at": None}


def receipt(directory: Path, after: timedelta, spam: str | None, said: list[dict[str, Any]], how: str) -> TestResponse:
    """Return the receipt some time after acceptance: as JSON, as a page, waited for, or as a stream."""
    gateway, services = a_gateway(directory, clock=lambda: AT + after), Receipts(told(spam), said)
    services.serve(gateway.broker)
    headers: dict[str, dict[str, str]] = {"page": PAGE, "waited for": {"Prefer": "wait=1"}}
    return gateway.client.get(path_of(TICKET) + ("/events" if how == "stream" else ""), headers=headers.get(how))


def whole(answer: TestResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status_code, list(answer.headers), answer.data


@pytest.mark.parametrize(
    ("after", "how"),
    [
        (timedelta(seconds=2), "json"),
        (timedelta(seconds=2), "page"),
        (timedelta(seconds=2), "waited for"),
        (PATIENCE, "json"),
        (PATIENCE, "page"),
        (PATIENCE, "waited for"),
        (PATIENCE, "stream"),
    ],
    ids=str,
)
def test_it_is_byte_for_byte_that_of_one_that_nobody_tries_to_confirm(
    tmp_path: Path, after: timedelta, how: str
) -> None:
    untried = whole(receipt(tmp_path, after, None, [UNTRIED], how))
    assert b"pending" in untried[2] or how == "page"
    for spam in ("score", "rule:words", "rule:time", "honeypot", "owner"):
        for said in ([], [UNTRIED], [CANCELLED]):
            assert whole(receipt(tmp_path, after, spam, said, how)) == untried, (spam, said)


def test_it_ends_as_theirs_does(tmp_path: Path) -> None:
    early, late = (receipt(tmp_path, after, "score", [], "json").get_json() for after in (timedelta(0), PATIENCE))
    assert (early["state"], early["final"], late["state"], late["final"]) == ("stored", False, "stored", True)
    assert late["confirmations"] == early["confirmations"] == [UNTRIED]
