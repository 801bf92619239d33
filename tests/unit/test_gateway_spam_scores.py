"""What becomes of a submission by its score and by its form's rules: never another answer, and never another id."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.intake.outcome_counters import OutcomeCounters
from shared.contracts import SubmissionAccepted, Verdict
from shared.sealing import new_key
from shared.spam import Model
from support.gateway_app import GOOD, Gateway, Receipts, a_gateway, document_of, errors_of
from support.held_models import Holds, Says
from unit.test_gateway_spam import STYLES, shape

FORMS = """
[forms.usual]
[forms.shadow.spam]
mode = "shadow"
[forms.hold.spam]
mode = "hold"
[forms.strict.spam]
mode = "hold"
threshold = 90
[forms.loose.spam]
mode = "hold"
threshold = 50
[forms.off.spam]
mode = "off"
links = 0
deny_words = ["casino"]
[forms.ruled]
fields.name = {type = "text"}
fields.email = {type = "email"}
fields.site = {type = "url"}
fields.message = {type = "text"}
fields.iban = {type = "text"}
[forms.ruled.spam]
links = 1
min_time = "3 s"
deny_words = ["casino"]
deny_hosts = ["casino.example"]
deny_addresses = ["@spam.example"]
deny_networks = ["192.0.2.0/24"]
allow_addresses = ["ada@example.org"]
allow_networks = ["198.51.100.0/24"]
[forms.twice]
deduplicate = "10m"
[forms.twice.spam]
mode = "hold"
"""

Make = Callable[..., tuple[Gateway, Says, Counter[tuple[str, str]]]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a gateway that holds a model which says what the test wants, and its counts of verdicts."""

    def made(score: int | None = 0, *, definitions: str = FORMS, **says: Any) -> Any:
        model, counts = Says(score or 0, **says), Counter[tuple[str, str]]()
        models = None if score is None else Holds.one(model)
        counters = OutcomeCounters(judged=lambda mode, outcome: counts.update([(mode, outcome)]))
        return a_gateway(tmp_path, definitions=definitions, models=models, counters=counters), model, counts

    return made


def one(gateway: Gateway) -> SubmissionAccepted:
    [event] = gateway.take_published()
    return event


@pytest.mark.parametrize(
    ("form", "score", "spam", "counted"),
    [
        ("usual", 99, None, ("shadow", "spam")),
        ("shadow", 80, None, ("shadow", "spam")),
        ("shadow", 79, None, ("shadow", "good")),
        ("hold", 79, None, ("hold", "good")),
        ("hold", 80, "score", ("hold", "spam")),
        ("hold", 100, "score", ("hold", "spam")),
        ("strict", 89, None, ("hold", "good")),
        ("strict", 90, "score", ("hold", "spam")),
        ("loose", 79, None, ("hold", "good")),
        ("loose", 80, "score", ("hold", "spam")),
    ],
)
def test_a_score_is_told_and_holds_where_the_form_says_so(
    make: Make, form: str, score: int, spam: str | None, counted: tuple[str, str]
) -> None:
    gateway, _, counts = make(score)
    gateway.submitted(form)
    event = one(gateway)
    assert event.spam == spam
    assert event.verdict == Verdict(score, "12-3fa94c01", ("links:3:2", "word:casino"))
    assert (event.fields, event.is_trapped) == (GOOD, False)
    assert counts == {counted: 1}


def test_hold_is_shadow_until_the_model_may(make: Make) -> None:
    gateway, model, counts = make(99, may_hold=False)
    gateway.submitted("hold")
    assert one(gateway).spam is None
    model.may_hold = True
    gateway.submitted("hold")
    assert one(gateway).spam == "score"
    assert counts == {("shadow", "spam"): 1, ("hold", "spam"): 1}


def test_off_asks_nothing_and_has_no_rules(make: Make) -> None:
    gateway, model, counts = make(99)
    gateway.submitted("off", {"message": "casino http://a http://b"})
    event = one(gateway)
    assert (event.spam, event.verdict, model.asked, counts) == (None, None, [], {})
    assert b"verdict" not in event.encode()


def test_without_a_model_there_is_no_verdict(make: Make) -> None:
    gateway, _, counts = make(None)
    gateway.submitted("hold", {"message": "casino"})
    event = one(gateway)
    assert (event.spam, event.verdict, counts) == (None, None, {})


def test_a_real_model_scores(tmp_path: Path) -> None:
    models = Holds.one(Model(3, bias=9.0, may_hold=True), "3-00000000")
    gateway = a_gateway(tmp_path, definitions=FORMS, models=models)
    gateway.submitted("hold")
    event = one(gateway)
    assert event.verdict is not None
    assert event.verdict.score > 80
    assert (event.verdict.model, event.spam) == ("3-00000000", "score")


def test_another_model_counts_from_the_next_submission_on(tmp_path: Path) -> None:
    models = Holds()
    gateway = a_gateway(tmp_path, definitions=FORMS, models=models)
    for score, name in ((None, None), (99, "1-a"), (1, "2-b")):
        models.held = Holds.one(Says(score), name or "").held if score else None
        gateway.submitted("hold")
        event = one(gateway)
        assert (event.verdict.model if event.verdict else None) == name
        assert event.spam == ("score" if score == 99 else None)


@pytest.mark.parametrize("says", [{"error": ValueError("a bug")}, {"error": RecursionError()}, {"reasons": (7,)}])
def test_a_model_that_fails_keeps_nobody_from_submitting(
    make: Make, says: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    gateway, _, counts = make(99, **says)
    gateway.submitted("hold")
    event = one(gateway)
    assert (event.spam, event.verdict, counts) == (None, None, {("shadow", "failed"): 1})
    assert "no verdict" in capsys.readouterr().out


def test_what_a_model_says_beyond_its_bounds_is_cut(make: Make) -> None:
    gateway, _, _ = make(250, reasons=("x" * 200, *"abcdefg"))
    gateway.submitted("shadow")
    assert one(gateway).verdict == Verdict(100, "12-3fa94c01", ("x" * 80, "a", "b", "c", "d"))


RULES: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "words": ({"message": "Best CASINO"}, {}, ""),
    "hosts": ({"site": "https://www.casino.example/"}, {}, ""),
    "links": ({"message": "http://a.example http://b.example"}, {}, ""),
    "addresses": ({"email": "bob@mail.spam.example"}, {}, ""),
    "networks": ({"name": "x"}, {"REMOTE_ADDR": "192.0.2.7"}, ""),
    "time": ({"name": "x"}, {}, "?x=1&open_ms=2999"),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("has_model", [True, False])
def test_a_rule_needs_no_model(make: Make, rule: str, *, has_model: bool) -> None:
    gateway, _, counts = make(1 if has_model else None)
    values, environ, query = RULES[rule]
    assert gateway.client.post(f"/f/ruled{query}", json=values, environ_overrides=environ).status_code == 202
    event = one(gateway)
    assert (event.spam, event.fields, event.is_trapped) == (f"rule:{rule}", values, False)
    assert (event.verdict is not None) == has_model
    assert counts == {("shadow", "rule"): 1}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("style", STYLES)
def test_the_answer_gives_no_rule_away(make: Make, rule: str, style: str) -> None:
    gateway, _, _ = make(None)
    values, environ, query = RULES[rule]
    headers = STYLES[style]
    good = {"name": "Ada"} | ({"email": "bob@example.org"} if "email" in values else {})
    honest = gateway.client.post("/f/ruled", data=good, headers=headers)
    caught = gateway.client.post(f"/f/ruled{query}", data=values, headers=headers, environ_overrides=environ)
    assert [event.spam for event in gateway.published()] == [None, f"rule:{rule}"]
    assert honest.status_code < 400
    assert shape(caught) == shape(honest)


@pytest.mark.parametrize("style", STYLES)
def test_the_answer_gives_no_score_away(make: Make, style: str) -> None:
    gateway, model, _ = make(0)
    honest = gateway.client.post("/f/hold", data=GOOD, headers=STYLES[style])
    model.score_of = 100
    caught = gateway.client.post("/f/hold", data=GOOD, headers=STYLES[style])
    assert [event.spam for event in gateway.published()] == [None, "score"]
    assert shape(caught) == shape(honest)


def test_what_is_wrong_is_refused_whatever_a_rule_says(make: Make) -> None:
    gateway, _, counts = make(99)
    wrong = {"email": "nowhere", "message": "casino", "strange": "x"}
    refused = gateway.client.post("/f/ruled", json=wrong)
    assert refused.status_code == 422
    assert errors_of(refused) == errors_of(gateway.client.post("/f/ruled", json={**wrong, "message": "dear team"}))
    assert (gateway.published(), counts) == ([], {})


ALLOWED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "address": ({"email": "Ada+x@example.org", "message": "casino"}, {}),
    "network": ({"message": "casino http://casino.example"}, {"REMOTE_ADDR": "198.51.100.9"}),
}


@pytest.mark.parametrize("by", ALLOWED)
def test_what_is_allowed_is_spam_by_no_rule_and_no_score(make: Make, by: str) -> None:
    values, environ = ALLOWED[by]
    gateway, _, counts = make(99, definitions=FORMS.replace("links = 1", 'mode = "hold"\nlinks = 1'))
    assert gateway.client.post("/f/ruled?open_ms=1", json=values, environ_overrides=environ).status_code == 202
    event = one(gateway)
    assert (event.spam, event.verdict and event.verdict.score) == (None, 99)
    assert counts == {("hold", "allowed"): 1}
    values = {**values, "_gotcha": "buy"}
    gateway.client.post("/f/ruled", json=values, environ_overrides=environ)
    assert one(gateway).spam == "honeypot"


def test_a_trap_is_as_it_was_and_nobody_is_asked(make: Make) -> None:
    gateway, model, counts = make(99)
    gateway.submitted("hold", {**GOOD, "_gotcha": "buy"})
    event = one(gateway)
    assert (event.spam, event.verdict, model.asked, counts) == ("honeypot", None, [], {})


KEY = {"Idempotency-Key": "one and the same"}


def test_a_score_never_changes_the_id(make: Make) -> None:
    gateway, model, _ = make(0)
    ids = set()
    for score in (0, 100, 79, 80):
        model.score_of = score
        ids.add(gateway.submitted("hold", GOOD, KEY)["id"])
    assert len(ids) == 1
    events = gateway.take_published()
    assert [event.spam for event in events] == [None, "score", None, "score"]
    assert len({event.fingerprint for event in events}) == 1
    trapped = gateway.submitted("hold", {**GOOD, "_gotcha": "x"}, KEY)
    assert trapped["id"] not in ids


def test_two_clicks_are_one_whatever_they_were_judged(make: Make) -> None:
    gateway, model, _ = make(0)
    first = gateway.submitted("twice")
    model.score_of = 100
    assert gateway.submitted("twice")["id"] == first["id"]


def test_a_retry_after_a_503_may_be_judged_otherwise(make: Make) -> None:
    gateway, model, _ = make(0)
    gateway.broker.refusal = "blocked"
    refused = gateway.client.post("/f/hold", json=GOOD, headers=KEY)
    assert refused.status_code == 503
    gateway.broker.refusal, model.score_of = None, 100
    gateway.submitted("hold", GOOD, KEY)
    assert one(gateway).spam == "score"


@pytest.mark.parametrize(
    "query",
    [
        "", "?open_ms=", "?open_ms=x", "?open_ms=-1", "?open_ms=1e3", "?open_ms=3000", "?open_ms=99999999999",
        "?xopen_ms=1", "?open_ms=" + "9" * 10, "?" + "x" * 3000 + "&open_ms=1", "?open_ms=%31", "?open_ms=1.5",
        "?open_ms=\u0661",
    ],
)  # fmt: skip
def test_a_time_that_is_none_or_long_enough_is_no_sign(make: Make, query: str) -> None:
    gateway, _, _ = make(None)
    assert gateway.client.post(f"/f/ruled{query}", json={"name": "x"}).status_code == 202
    assert one(gateway).spam is None


def test_a_field_of_that_name_is_a_field(make: Make) -> None:
    gateway, _, _ = make(None)
    gateway.submitted("usual", {"open_ms": "1"})
    assert one(gateway).fields == {"open_ms": "1"}


CLAIMS: Mapping[str, Any] = {
    "verdict": {"score": 0, "model": "1-a", "reasons": []},
    "score": 0,
    "spam": None,
    "is_spam": False,
    "score_model": "1-a",
}


def test_a_stranger_who_claims_a_verdict_only_fills_in_fields(make: Make) -> None:
    gateway, _, _ = make(99)
    gateway.submitted("hold", {**CLAIMS, "message": "casino"}, {"X-Spam-Score": "0", "X-Spam": "no"})
    event = one(gateway)
    assert (event.spam, event.verdict and event.verdict.score) == ("score", 99)
    assert event.fields == {**CLAIMS, "message": "casino"}
    assert json.loads(event.encode())["verdict"]["score"] == 99


def test_it_sees_what_is_stored_but_nothing_that_is_sealed(tmp_path: Path) -> None:
    model = Says(99, threshold=100)
    definitions = """
    [forms.a]
    fields.name = {type = "text"}
    fields.email = {type = "email"}
    fields.iban = {type = "text", sensitive = true}
    [forms.a.spam]
    deny_words = ["casino"]
    deny_hosts = ["casino.example"]
    links = 0
    """
    gateway = a_gateway(tmp_path, definitions=definitions, models=Holds.one(model), sealing_key=new_key().sealing)
    sealed = "casino https://casino.example"
    gateway.submitted("a", {**GOOD, "iban": sealed, "_subject": "casino"}, {"Accept-Language": "de"})
    event = one(gateway)
    assert (event.spam, event.verdict and event.verdict.score) == (None, 99)
    [asked] = model.asked
    assert (asked.fields, asked.form, asked.language) == (GOOD, "a", "de")
    assert (asked.address, asked.ip, asked.typed_s) == ("ada@example.org", "127.0.0.1", None)


def test_the_log_has_no_value_and_no_address(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    gateway, _, _ = make(99)
    gateway.submitted("hold", {"name": "canary", "email": "canary@example.org"})
    said = capsys.readouterr().out
    assert "reason=score" in said
    assert not any(word in said for word in ("canary", "127.0.0.1", "word:casino"))


def test_the_receipt_of_one_that_was_held_promises_what_any_does(make: Make) -> None:
    gateway, model, _ = make(0)
    honest = gateway.submitted("hold")
    model.score_of = 100
    caught = gateway.submitted("hold")
    Receipts().serve(gateway.broker)
    shown = [document_of(gateway.client.get(sent["receipt_url"])) for sent in (honest, caught)]
    same = [{name: value for name, value in each.items() if name not in ("id", "accepted_at")} for each in shown]
    assert same[0] == same[1]


def test_a_megabyte_is_judged_in_bounded_time(tmp_path: Path) -> None:
    models = Holds.one(Model(3, bias=9.0, may_hold=True))
    gateway = a_gateway(tmp_path, definitions=FORMS, models=models, max_body_bytes=4_000_000)
    gateway.submitted("hold", {"message": "x"})
    for text in ("buy now " * 125_000, "a" * 1_000_000, "http://a.example " * 60_000, "\ufdfa" * 300_000):
        began = time.process_time()
        gateway.submitted("hold", {"message": text})
        assert time.process_time() - began < 2
    assert {event.spam for event in gateway.published()} == {"score"}
