"""What a trap catches: answered exactly as success, and kept for the owner, marked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from shared.contracts import SubmissionAccepted, decode
from support.gateway_app import GOOD, Gateway, a_gateway, errors_of

STYLES: dict[str, dict[str, str]] = {
    "json": {},
    "problem": {"Accept": "application/problem+json"},
    "page": {"Accept": "text/html"},
    "fragment": {"HX-Request": "true"},
    "origin": {"Origin": "https://www.example.org"},
}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


def shape(answer: TestResponse) -> tuple[int, str]:
    """Return an answer without what differs from one submission to the next: ids and tokens."""
    text = "\n".join([*(f"{name}: {value}" for name, value in answer.headers), answer.text])
    text = re.sub(r"/receipts/[0-9a-f]+\.(\w+)\.\d+\.(\d)\.[\w-]+", r"/receipts/ID.\1.MOMENT.\2.SIGNATURE", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", text)
    return answer.status_code, text


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", ["signup", "contact", "open"])
def test_it_is_answered_exactly_as_success(gateway: Gateway, style: str, form: str) -> None:
    values = GOOD if form == "signup" else {"name": "Ada"}
    honest = gateway.client.post(f"/f/{form}", data=values, headers=STYLES[style])
    caught = gateway.client.post(f"/f/{form}", data={**values, "_gotcha": "buy"}, headers=STYLES[style])
    assert honest.status_code < 400
    assert shape(caught) == shape(honest)


@pytest.mark.parametrize(
    ("form", "trap"), [("signup", "_gotcha"), ("contact", "leave_this_empty"), ("contact", "_gotcha")]
)
def test_it_is_kept_unchecked_and_marked(gateway: Gateway, form: str, trap: str) -> None:
    values: dict[str, Any] = {"email": "nowhere", "name": "a\r\nb", "what": ["ever"], "_replyto": "no address"}
    gateway.submitted(form, {**values, trap: "buy"})
    [event] = gateway.published()
    assert event.spam == "honeypot"
    assert event.fields == {"email": "nowhere", "name": "a\r\nb", "what": ["ever"], trap: "buy"}, "the owner sees why"


def test_it_may_say_nothing_at_all(gateway: Gateway) -> None:
    gateway.submitted("signup", {"_gotcha": "buy"})
    assert [(event.fields, event.spam) for event in gateway.published()] == [({"_gotcha": "buy"}, "honeypot")]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('{"_gotcha": "buy", "name": "\\u0000"}', 422, "VALUE_NOT_ACCEPTED"),
        ('{"_gotcha": "buy", "name": "' + "x" * 200_000 + '"}', 413, "TOO_LARGE"),
        ('{"_gotcha": "buy", ' + ",".join(f'"f{n}": 1' for n in range(500)) + "}", 413, "TOO_MANY_FIELDS"),
    ],
    ids=["unstorable", "too large", "too many fields"],
)
def test_what_could_not_be_stored_is_refused_all_the_same(gateway: Gateway, body: str, status: int, code: str) -> None:
    answer = gateway.client.post("/f/open", data=body, content_type="application/json")
    assert (answer.status_code, errors_of(answer)[0][0]) == (status, code)
    assert gateway.published() == []


@pytest.mark.parametrize("style", ["json", "form"])
def test_nobody_claims_a_verdict(gateway: Gateway, style: str) -> None:
    claims: dict[str, Any] = dict.fromkeys(("verdict", "spam", "score", "_verdict", "_spam", "_score"), "0")
    headers = {"X-Spam-Status": "No", "X-Spam-Score": "0", "Verdict": "0", "X-Counterfoil-Verdict": "0"}
    if style == "json":
        claims |= {"verdict": {"score": 0, "model": "1-00000000", "reasons": []}, "spam": None}
        gateway.submitted("open", claims, headers)
    else:
        gateway.client.post("/f/open", data=claims, headers=headers)
    gateway.submitted("open", {**claims, "_gotcha": "buy"}, headers)
    plain, caught = gateway.published()
    assert (plain.spam, plain.verdict, caught.spam, caught.verdict) == (None, None, "honeypot", None)
    assert plain.fields["verdict"] == claims["verdict"], "it is a field as any other"
    assert decode(plain.encode(), type=plain.TYPE, types=(SubmissionAccepted,)) == plain


def test_under_its_key_a_person_may_still_submit(gateway: Gateway) -> None:
    key = {"Idempotency-Key": "one and the same"}
    first, again = (gateway.submitted("signup", {**GOOD, "_gotcha": "buy"}, key) for _ in range(2))
    honest = gateway.submitted("signup", GOOD, key)
    assert first["id"] == again["id"] != honest["id"]
    assert [event.spam for event in gateway.published()] == ["honeypot", "honeypot", None]


def test_it_is_counted_in_the_log_without_personal_data(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.submitted("signup", {**GOOD, "_gotcha": "canary"})
    said = capsys.readouterr().out
    assert "kept as spam" in said
    assert "reason=honeypot" in said
    assert not any(word in said for word in ("canary", "Ada", "ada@", "127.0.0.1"))
