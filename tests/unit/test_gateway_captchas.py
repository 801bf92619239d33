"""Captchas: what a form may define, tokens that are good once, and ALTCHA, where nobody has to be asked."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import altcha
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.captchas import REMEMBERED_S, Gate, Spent, check_secrets
from gateway.challenges import LIFETIME, Challenges
from gateway.errors import Refused
from gateway.verdicts import Failed, Passed, Verdict
from shared.forms import Captcha, FormsError, load
from support.gateway_app import GOOD, Gateway, a_gateway, document_of, errors_of

SECRET = "the key of this form's challenges"
PAGE = "https://www.example.org"
FORMS = f"""
[forms.signup]
allowed_origins = ["{PAGE}"]
captcha = {{provider = "altcha", secret = "{SECRET}"}}
[forms.plain]
"""


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS)


def solved(document: dict[str, Any]) -> str:
    """Return what the widget sends for a challenge."""
    challenge = altcha.Challenge.from_dict(document)
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_base64()


@pytest.fixture(scope="module")
def quick() -> Challenges:
    """Challenges that cost next to nothing to solve."""
    return Challenges(SECRET, lambda: datetime.now(UTC), cost=1)


def codes(gateway: Gateway, token: str) -> list[str]:
    answer = gateway.client.post("/f/signup", json={**GOOD, "altcha": token})
    return [] if answer.status_code == 202 else [code for code, _ in errors_of(answer)]


def test_a_challenge_that_was_asked_for_and_solved_lets_one_submission_pass(gateway: Gateway) -> None:
    answer = gateway.client.get("/f/signup/captcha", headers={"Origin": PAGE})
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Cache-Control"] == "no-store"
    token = solved(document_of(answer))
    assert codes(gateway, token) == []
    assert codes(gateway, token) == ["CAPTCHA_FAILED"]
    [event] = gateway.published()
    assert (event.fields, event.control.captcha) == (GOOD, None)


def test_the_same_solution_written_otherwise_is_the_same(gateway: Gateway, quick: Challenges) -> None:
    token = solved(quick.make())
    assert codes(gateway, token) == []
    document = json.loads(base64.b64decode(token))
    other = base64.b64encode(json.dumps(document | {"more": 1}, indent=1).encode()).decode()
    assert codes(gateway, other) == ["CAPTCHA_FAILED"]


def test_no_two_challenges_are_the_same(quick: Challenges) -> None:
    assert quick.make() != quick.make()


def test_a_challenge_of_another_secret_is_none(gateway: Gateway) -> None:
    forged = Challenges("another", lambda: datetime.now(UTC), cost=1).make()
    assert codes(gateway, solved(forged)) == ["CAPTCHA_FAILED"]


def test_a_challenge_is_good_for_a_time(gateway: Gateway) -> None:
    late = Challenges(SECRET, lambda: datetime.now(UTC) - LIFETIME - timedelta(seconds=2), cost=1).make()
    assert codes(gateway, solved(late)) == ["CAPTCHA_FAILED"]
    soon = Challenges(SECRET, lambda: datetime.now(UTC) - LIFETIME + timedelta(minutes=1), cost=1).make()
    assert codes(gateway, solved(soon)) == []


def test_a_challenge_made_longer_is_none(gateway: Gateway, quick: Challenges) -> None:
    document = quick.make()
    document["parameters"]["expiresAt"] += 1000
    assert codes(gateway, solved(document)) == ["CAPTCHA_FAILED"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text() | st.sampled_from(["challenge", "parameters", "signature", "solution", "counter", "derivedKey"]),
            inner,
            max_size=4,
        )
    ),
)


@given(st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()) | JSON.map(json.dumps))
def test_whatever_else_comes_is_no_solution(quick: Challenges, token: str) -> None:
    for written in (token, base64.b64encode(token.encode("utf-8", "surrogatepass")).decode()):
        assert isinstance(quick.verify(written, uuid4(), timeout_s=1), Failed)


@given(st.data())
def test_a_solution_with_something_changed_is_none_or_the_same(quick: Challenges, data: st.DataObject) -> None:
    document = json.loads(base64.b64decode(solved(quick.make())))
    where = data.draw(st.sampled_from([document, *document.values(), document["challenge"]["parameters"]]))
    name = data.draw(st.sampled_from(sorted(where)))
    where[name] = data.draw(JSON.filter(lambda value: value != where[name] or isinstance(value, bool)))
    quick.verify(base64.b64encode(json.dumps(document).encode()).decode(), uuid4(), timeout_s=1)


@pytest.mark.parametrize("form", ["plain", "unknown"])
def test_a_form_without_a_captcha_has_no_challenge(gateway: Gateway, form: str) -> None:
    assert gateway.client.get(f"/f/{form}/captcha").status_code == 404


def test_what_is_remembered_is_bounded() -> None:
    now = [0.0]
    spent, owners = Spent(lambda: now[0], most=3), [uuid4() for _ in range(5)]
    assert [spent.claim(str(number), owner) for number, owner in enumerate(owners)] == [True] * 5
    assert [spent.owner(str(number)) for number in range(5)] == [None, None, *owners[2:]]
    assert not spent.claim("4", uuid4())
    now[0] += REMEMBERED_S + 1
    assert spent.claim("5", owners[0])
    assert spent.owner("4") is None


@dataclass
class Once:
    """A provider that knows a token once, and to which the other click of a double click comes first."""

    meanwhile: Callable[[], object]
    asked: int = 0

    def verify(self, token: str, submission_id: UUID, *, timeout_s: float) -> Verdict:
        self.asked += 1
        if self.asked > 1:
            return Passed()
        self.meanwhile()
        return Failed("used before")


@pytest.mark.parametrize("same", [True, False])
def test_both_clicks_of_a_double_click_pass(same: bool) -> None:
    one, other = uuid4(), uuid4()
    verifier = Once(lambda: gate.check("token", one if same else other))
    gate = Gate("signup", Captcha("hcaptcha", secret="s"), verifier, Spent())
    if same:
        assert gate.check("token", one) is None
    else:
        with pytest.raises(Refused):
            gate.check("token", one)
    assert verifier.asked == 2


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    secret, missing, empty = (tmp_path / name for name in ("secret", "missing", "empty"))
    secret.write_text(f"{SECRET}\n")
    empty.touch()
    definitions = "".join(
        f'[forms.{path.name}.captcha]\nprovider = "altcha"\nsecret_file = "{path}"\n'
        for path in (secret, missing, empty)
    )
    gateway = a_gateway(tmp_path, definitions=definitions)
    answer = gateway.client.get("/f/secret/captcha")
    token = solved(Challenges(SECRET, lambda: datetime.now(UTC), cost=1).make())
    assert answer.status_code == 200
    assert gateway.client.post("/f/secret", json={**GOOD, "altcha": token}).status_code == 202
    with pytest.raises(FormsError) as wrong:
        check_secrets(load(tmp_path / "forms.toml"))
    assert "forms.missing.captcha.secret_file: cannot be read" in str(wrong.value)
    assert "forms.empty.captcha.secret_file: the file is empty" in str(wrong.value)
    assert "forms.secret" not in str(wrong.value)


def test_a_secret_is_shown_nowhere() -> None:
    assert SECRET not in repr(Captcha("altcha", secret=SECRET))


@pytest.mark.parametrize(
    ("captcha", "wrong"),
    [
        ('{secret = "s"}', "captcha.provider"),
        ('{provider = "friendly", secret = "s"}', "expected turnstile, hcaptcha, recaptcha, altcha"),
        ('{provider = "hcaptcha"}', "expected secret, or secret_file"),
        ('{provider = "hcaptcha", secret = "s", secret_file = "f"}', "expected secret, or secret_file"),
        ('{provider = "altcha"}', "expected secret, or secret_file"),
        ('{provider = "hcaptcha", secret = "s", min_score = 0.5}', "only reCAPTCHA v3 has a score"),
        ('{provider = "recaptcha", secret = "s", min_score = 2}', "expected 0 to 1"),
        ('{provider = "turnstile", secret = "s", when_away = "perhaps"}', "expected accept, refuse"),
        ('{provider = "turnstile", secret = "s", verify_url = "ftp://x"}', "verify_url"),
        ('{provider = "altcha", secret = "s"}\nfields.altcha = {type = "text"}', "cannot be the form's"),
    ],
)
def test_a_definition_that_is_wrong_is_refused_with_its_place(tmp_path: Path, captcha: str, wrong: str) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(f"[forms.a]\ncaptcha = {captcha}\n")
    with pytest.raises(FormsError) as error:
        load(path)
    assert "forms.toml:2: forms.a.captcha" in str(error.value)
    assert wrong in str(error.value)


def test_sentinel_may_be_asked_without_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    path.write_text('[forms.a.captcha]\nprovider = "altcha"\nverify_url = "https://sentinel.example.org/v1/verify"\n')
    assert load(path)["a"].captcha == Captcha("altcha", verify_url="https://sentinel.example.org/v1/verify")
