"""What the ledger makes of what the owner's API says of a confirmation."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil_ledger.api import Api

WEBHOOK = {"channel": "webhook", "state": "sent"}


@pytest.mark.parametrize(
    ("states", "standing"),
    [
        (["sent"], "confirmed"),
        (["failed"], "failed"),
        (["held"], "held"),
        (["sent", "held"], "held"),
        (["held", "failed"], "failed"),
        ([], "undue"),
        *((["held", state], "waiting") for state in ("pending", "retrying", "unknown")),
    ],
)
def test_a_submission_stands_as_its_worst_confirmation(states: list[str], standing: str) -> None:
    class Told(Api):
        def _get(self, path: str, parameters: dict[str, str]) -> dict[str, Any] | None:
            return {"unknown": [], "confirmations": [{"channel": "email", "state": state} for state in states]}

    assert Told("http://127.0.0.1:1", "key").standings(["one"]) == {"one": standing}


@pytest.mark.parametrize(
    ("state", "standing"),
    [("sent", "confirmed"), ("failed", "confirmed"), ("cancelled", "confirmed"), ("retrying", "waiting")],
)
def test_it_waits_for_every_channel_and_accounts_for_each(state: str, standing: str) -> None:
    class Told(Api):
        def _get(self, path: str, parameters: dict[str, str]) -> dict[str, Any] | None:
            mail = {"channel": "email", "state": "sent"}
            return {"unknown": [], "confirmations": [mail], "deliveries": [mail, {"channel": "slack", "state": state}]}

    api = Told("http://127.0.0.1:1", "key")
    assert api.standings(["one"]) == {"one": standing}
    assert api.deliveries() == {"one": {("email", "sent"): 1, ("slack", state): 1}}
