"""A model that has proved itself is not given up for one that has not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storage_service.spam.examples import Reach
from storage_service.spam.training import PROOF_KEPT, waits_for_proof
from support.spam_learned import MADE_AT, made

PROVED = {"good": 300, "spam": 90, "lost": 0, "caught": 80}
ONE_LOST = {"good": 300, "spam": 90, "lost": 1, "caught": 80}
MANY_LOST = {"good": 300, "spam": 90, "lost": 6, "caught": 80}
REACH = Reach((), MADE_AT, MADE_AT)
CURRENT = made().stored
UNPROVED = replace(CURRENT, evaluation={**CURRENT.evaluation, "may_hold": False})


def test_one_without_proof_waits_and_says_what_is_missing() -> None:
    why = waits_for_proof(CURRENT, ONE_LOST, REACH, MADE_AT)
    assert why is not None
    assert why.startswith("it has not proved itself yet, and the one in use has; missing before forms may hold: about")


@pytest.mark.parametrize(
    ("current", "evaluation", "reach", "after"),
    [
        (CURRENT, PROVED, REACH, timedelta()),
        (UNPROVED, ONE_LOST, REACH, timedelta()),
        (CURRENT, MANY_LOST, REACH, timedelta()),
        (CURRENT, ONE_LOST, replace(REACH, without_authors=("eve",)), timedelta()),
        (CURRENT, ONE_LOST, REACH, PROOF_KEPT + timedelta(seconds=1)),
    ],
    ids=[
        "it has proof",
        "neither has",
        "it loses too many",
        "somebody was left out",
        "what was erased is in the old one",
    ],
)
def test_it_is_used_at_once(current: Any, evaluation: Any, reach: Reach, after: timedelta) -> None:
    assert waits_for_proof(current, evaluation, reach, MADE_AT + after) is None
