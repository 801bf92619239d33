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

from gateway.abuse.captchas import REMEMBERED_S, CaptchaCheck, Spent
from gateway.abuse.challenges import LIFETIME, Challenges
from gateway.abuse.verdicts import Failed, Passed, Verdict
from gateway.http.errors import Refused
from shared.forms import Captcha, FormsError, load
from shared.forms.captcha import TOKEN_FIELDS
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
    verifier = Once(lambda: check.check("token", one if same else other))
    check = CaptchaCheck("signup", Captcha("hcaptcha", secret="s"), lambda: verifier, Spent())
    if same:
        assert check.check("token", one) is None
    else:
        with pytest.raises(Refused):
            check.check("token", one)
    assert verifier.asked == 2


def with_file(provider: str, **more: str) -> str:
    """Return the definition of a form whose captcha's secret is in the file `key`."""
    keys = "".join(f'{name} = "{value}"\n' for name, value in more.items())
    return f'[forms.signup.captcha]\nprovider = "{provider}"\nsecret_file = "key"\n{keys}'


def test_a_secret_may_stand_in_a_file_and_is_read_anew_for_each(tmp_path: Path) -> None:
    key = tmp_path / "secrets" / "key"
    key.parent.mkdir()
    key.write_text(f"{SECRET}\n")
    gateway = a_gateway(tmp_path, definitions=with_file("altcha"))
    assert gateway.client.get("/f/signup/captcha").status_code == 200
    first, second = (Challenges(secret, lambda: datetime.now(UTC), cost=1).make() for secret in (SECRET, "the next"))
    assert codes(gateway, solved(first)) == []
    key.write_text("the next")
    assert codes(gateway, solved(second)) == []
    assert gateway.app.secrets_missing() == 0


@pytest.mark.parametrize("provider", ["altcha", "turnstile", "hcaptcha", "recaptcha"])
@pytest.mark.parametrize("token", ["anything", None])
def test_without_its_secret_a_form_does_what_it_does_while_nobody_answers(
    tmp_path: Path, provider: str, token: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    values = GOOD if token is None else {**GOOD, TOKEN_FIELDS[provider]: token}  # type: ignore[index]
    gateway = a_gateway(tmp_path, definitions=with_file(provider))
    assert gateway.client.post("/f/signup", json=values).status_code == 202
    assert [event.control.captcha for event in gateway.published()] == ["unverified"]
    assert "no secret: the file cannot be read" in capsys.readouterr().out
    assert gateway.app.secrets_missing() == 1
    refusing = a_gateway(tmp_path, definitions=with_file(provider, when_away="refuse"))
    assert refusing.client.post("/f/signup", json=values).status_code == 503
    assert refusing.published() == []


def test_without_its_secret_no_challenge_is_made_until_it_is_there(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions=with_file("altcha", when_away="refuse"))
    assert gateway.client.get("/f/signup/captcha").status_code == 503
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text(SECRET)
    assert gateway.client.get("/f/signup/captcha").status_code == 200
    assert gateway.app.secrets_missing() == 0


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
        ('{provider = "altcha", secret_file = ""}', "secret_file"),
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
