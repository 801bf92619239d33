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
