"""What a process that trains says at its end is read, whatever it is."""

from __future__ import annotations

import pytest

from storage_service.spam.outcome import KINDS, Outcome


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_read_as_it_was_written(kind: str) -> None:
    outcome = Outcome(kind, "12-3fa94c01: because\nof that")  # type: ignore[arg-type]
    assert "\n" not in outcome.encode()
    assert Outcome.decode(outcome.encode()) == outcome


@pytest.mark.parametrize("line", ["", "Killed", "[]", "null", '{"kind": "trained"}', '{"kind": "other", "words": "x"}'])
def test_what_is_none_says_that_it_failed(line: str) -> None:
    assert Outcome.decode(line).kind == "failed"
