"""What is held is answered exactly as what is not; and an id does not depend on who judged, or when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.spam.models import HeldModel, Models, NoModels
from shared.contracts import SubmissionAccepted
from shared.spam import Scored, SpamText
from support.gateway_app import FORMS, GOOD, Gateway, a_gateway

RULES = 'spam = {deny_words = ["forbidden fruit"], links = 1}\n'
HOLDING = (
    FORMS.replace("[forms.open]\n", f"[forms.open]\n{RULES}")
    .replace("[forms.signup]\n", f"[forms.signup]\n{RULES}")
    .replace("[forms.contact]\n", f"[forms.contact]\n{RULES}")
)
STYLES: dict[str, dict[str, str]] = {
    "json": {},
    "problem": {"Accept": "application/problem+json"},
    "page": {"Accept": "text/html"},
    "fragment": {"HX-Request": "true"},
    "origin": {"Origin": "https://www.example.org"},
}


def a_place(directory: Path, name: str) -> Path:
    place = directory / name
    place.mkdir()
    return place


@pytest.fixture
def holding(tmp_path: Path) -> Gateway:
    return a_gateway(a_place(tmp_path, "holding"), definitions=HOLDING)


def shape(answer: TestResponse) -> tuple[int, str]:
    """Return an answer without what differs from one submission to the next: ids and tokens."""
    text = "\n".join([*(f"{name}: {value}" for name, value in answer.headers), answer.text])
    text = re.sub(r"/receipts/[0-9a-f]+\.(\w+)\.\d+\.(\d)\.[\w-]+", r"/receipts/ID.\1.MOMENT.\2.SIGNATURE", text)
    return answer.status_code, re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", text)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", ["signup", "contact", "open"])
def test_what_is_held_is_answered_exactly_as_what_is_not(holding: Gateway, style: str, form: str) -> None:
    values = GOOD if form == "signup" else {"name": "Ada"}
    good = holding.client.post(f"/f/{form}", data={**values, "name": "sweet fruit"}, headers=STYLES[style])
    held = holding.client.post(f"/f/{form}", data={**values, "name": "forbidden fruit"}, headers=STYLES[style])
    assert [event.spam for event in holding.published()] == [None, "rule:words"], "vacuous"
    assert good.status_code < 400
    assert shape(held) == shape(good)


@dataclass(frozen=True, slots=True)
class Sure:
    """A model that gives everything the same score."""

    says: int
    threshold: int = 80
    may_hold: bool = True

    def score(self, text: SpamText) -> Scored:
        return Scored(self.says, ("links:3:2",))


def model(says: int, name: str) -> Models:
    found = NoModels()
    found.held = HeldModel(Sure(says), name, name * 8)
    return found


@pytest.mark.parametrize("key", [{"Idempotency-Key": "one and the same"}, {}], ids=["a key", "a double click"])
@pytest.mark.parametrize("why", ["rule:words", "score"])
def test_two_gateways_that_judge_differently_make_one_submission(tmp_path: Path, why: str, key: dict[str, str]) -> None:
    """An older forms file, or an older model."""
    same = FORMS.replace("[forms.open]\n", '[forms.open]\ndeduplicate = "1h"\nspam.mode = "hold"\n')
    ruled = same.replace("spam.mode", 'spam.deny_words = ["forbidden fruit"]\nspam.mode')
    models = (model(99, "1-aaaaaaaa"), model(12, "2-bbbbbbbb")) if why == "score" else (NoModels(), NoModels())
    gateways = [
        a_gateway(a_place(tmp_path, "first"), definitions=same if why == "score" else ruled, models=models[0]),
        a_gateway(a_place(tmp_path, "second"), definitions=same, models=models[1]),
    ]
    events: list[SubmissionAccepted] = []
    answers: list[dict[str, Any]] = []
    for gateway in gateways:
        answers.append(gateway.submitted("open", {"text": "I grow forbidden fruit", "email": "ada@example.org"}, key))
        events += gateway.published()
    held, good = events
    assert (held.spam, good.spam) == (why, None)
    assert (held.id, held.fingerprint, held.fields) == (good.id, good.fingerprint, good.fields)
    assert {one["id"] for one in answers} == {str(held.id)}


@pytest.mark.parametrize(
    ("values", "spam"),
    [
        ({"text": "forbidden fruit"}, "rule:words"),
        ({"text": "http://a.example http://b.example"}, "rule:links"),
        ({"text": "forbidden fruit", "_gotcha": "buy"}, "honeypot"),
        ({"text": "fruit"}, None),
    ],
)
def test_what_a_trap_catches_is_caught_by_it_alone(holding: Gateway, values: dict[str, Any], spam: str | None) -> None:
    holding.submitted("open", values)
    assert [event.spam for event in holding.published()] == [spam]
