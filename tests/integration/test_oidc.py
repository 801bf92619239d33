"""Single sign-on: who is believed, and what a provider that lies, or is away, comes to."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import Engine

from storage_service.accounts.oidc.asking import AT_ONCE, Asking, Away
from storage_service.accounts.oidc.directory import Directory
from storage_service.accounts.oidc.person import NotAdmitted, Person
from storage_service.accounts.oidc.provider import Provider
from storage_service.accounts.oidc.single_sign_on import SingleSignOn
from storage_service.accounts.pending import Pending
from support.oidc_stand_in import (
    ADA,
    CLIENT_ID,
    CLIENT_SECRET,
    Lies,
    StandIn,
    a_curve,
    another_key,
    stand_in,
)
from support.submission_databases import migrated

NOW = int(time.time())
MINE, THEIRS = "the secret of my browser", "the secret of theirs"
CALLBACK = "https://forms.example.org/console/sign-in/oidc/callback"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with migrated(f"sqlite:///{tmp_path_factory.mktemp('oidc') / 'test.db'}") as made:
        yield made


@pytest.fixture
def liar() -> Iterator[StandIn]:
    with stand_in() as server:
        yield server


def provider_of(server: StandIn, **others: Any) -> Provider:
    return Provider(server.issuer, CLIENT_ID, CALLBACK, CLIENT_SECRET, **others)


def sign_on(engine: Engine, server: StandIn, **others: Any) -> SingleSignOn:
    return SingleSignOn(provider_of(server, **others), Pending(engine))


def come_back(one: SingleSignOn, server: StandIn, code: str = "a-code", **said: str) -> tuple[Person, str]:
    state = server.visit(one.begin(MINE, "/console/forms"))["state"]
    return one.finish(MINE, {"state": state, "code": code, **said})


def refusal(one: SingleSignOn, server: StandIn, **said: str) -> str:
    with pytest.raises(NotAdmitted) as raised:
        come_back(one, server, **said)
    return raised.value.reason


def test_whoever_comes_back_is_known_and_goes_on(engine: Engine, liar: StandIn) -> None:
    person, then = come_back(sign_on(engine, liar), liar)
    assert person == Person(liar.issuer, "ada", "ada@example.org", frozenset({"admins"}))
    assert then == "/console/forms"


def test_what_is_asked_and_how_the_secret_is_shown(engine: Engine, liar: StandIn) -> None:
    url = sign_on(engine, liar).begin(MINE, "/console/inbox")
    said = liar.visit(url)
    assert said["response_type"] == "code"
    assert (said["redirect_uri"], said["scope"], said["client_id"]) == (CALLBACK, "openid email profile", CLIENT_ID)
    assert (said["code_challenge_method"], len(said["code_challenge"])) == ("S256", 43)
    assert MINE not in url
    come_back(sign_on(engine, liar), liar)
    ((_, body, headers),) = [one for one in liar.asked if one[0] == "/token"]
    assert b64decode(headers["Authorization"].removeprefix("Basic ")).decode() == f"{CLIENT_ID}:{CLIENT_SECRET}"
    assert (body["grant_type"], body["redirect_uri"], len(body["code_verifier"])) == (
        "authorization_code",
        CALLBACK,
        43,
    )
    assert "client_secret" not in body


def test_a_secret_goes_into_the_body_where_a_provider_takes_it_there_alone(engine: Engine, liar: StandIn) -> None:
    liar.lies = Lies(metadata={"token_endpoint_auth_methods_supported": ["client_secret_post"]})
    come_back(sign_on(engine, liar), liar)
    ((_, body, headers),) = [one for one in liar.asked if one[0] == "/token"]
    assert body["client_secret"] == CLIENT_SECRET
    assert "Authorization" not in headers


def test_a_client_without_a_secret_shows_none(engine: Engine, liar: StandIn) -> None:
    one = SingleSignOn(replace(provider_of(liar), client_secret=None), Pending(engine))
    come_back(one, liar)
    ((_, body, headers),) = [one for one in liar.asked if one[0] == "/token"]
    assert body["client_id"] == CLIENT_ID
    assert "Authorization" not in headers


TOKENS = {
    "no nonce": Lies(claims={"nonce": None}),
    "another nonce": Lies(claims={"nonce": "of another sign-in"}),
    "another audience": Lies(claims={"aud": "somebody-else"}),
    "several audiences, and none named": Lies(claims={"aud": [CLIENT_ID, "somebody-else"]}),
    "made out to somebody else": Lies(claims={"aud": [CLIENT_ID, "somebody-else"], "azp": "somebody-else"}),
    "no audience": Lies(claims={"aud": None}),
    "another issuer": Lies(claims={"iss": "https://login.example.org"}),
    "no issuer": Lies(claims={"iss": None}),
    "no subject": Lies(claims={"sub": None}),
    "no text for a subject": Lies(claims={"sub": 7}),
    "expired": Lies(claims={"exp": NOW - 3600}),
    "no end": Lies(claims={"exp": None}),
    "an end that is no number": Lies(claims={"exp": "tomorrow"}),
    "not good yet": Lies(claims={"nbf": NOW + 3600}),
    "of the future": Lies(claims={"iat": NOW + 3600}),
    "of another access token": Lies(claims={"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
    "unsigned": Lies(header={"alg": "none"}),
    "no token": Lies(token="no token"),
    "three parts of nothing": Lies(token=".."),
    "a long one": Lies(token="a" * 200_000),
    "a deep one": Lies(token="W1tb" * 9000 + ".W10."),
}


@pytest.mark.parametrize("lie", TOKENS)
def test_a_token_is_not_believed(engine: Engine, liar: StandIn, lie: str) -> None:
    liar.lies = TOKENS[lie]
    assert refusal(sign_on(engine, liar), liar).startswith("not believed: ")


@pytest.mark.parametrize("name", ["first", "second"])
def test_a_key_that_the_provider_does_not_have_signs_nothing(engine: Engine, liar: StandIn, name: str) -> None:
    liar.lies = Lies(key=another_key(name), header={"kid": name})
    assert refusal(sign_on(engine, liar), liar).startswith("not believed: ")


def test_a_public_key_is_no_secret(engine: Engine, liar: StandIn) -> None:
    """The oldest attack: HMAC by the provider's public key, which everybody knows."""
    assert isinstance(liar.key, RSAKey)
    for public in (liar.key.as_pem(private=False), json.dumps(liar.key.as_dict(private=False)).encode()):
        liar.lies = Lies(hmac_by=public)
        assert refusal(sign_on(engine, liar), liar, code=str(len(public))).startswith("not believed: ")


def test_a_client_s_secret_signs_nothing(engine: Engine, liar: StandIn) -> None:
    liar.lies = Lies(hmac_by=CLIENT_SECRET.encode())
    assert refusal(sign_on(engine, liar), liar).startswith("not believed: ")


def test_keys_on_curves_and_keys_that_have_changed(engine: Engine, liar: StandIn) -> None:
    one = sign_on(engine, liar)
    come_back(one, liar)
    liar.key, liar.lies = another_key("second"), Lies(header={"kid": "second"})
    assert refusal(one, liar, code="b").startswith("not believed"), "keys were asked for just now"
    liar.key, liar.lies = a_curve(), Lies(header={"alg": "ES256"})
    assert come_back(sign_on(engine, liar), liar, code="c")[0].subject == "ada"


def test_new_keys_are_asked_for_and_not_for_each_stranger(engine: Engine, liar: StandIn) -> None:
    now_s, provider = 0.0, provider_of(liar)
    known = Directory(provider, Asking(provider).document, now_s=lambda: now_s)
    one = SingleSignOn(provider, Pending(engine), directory=known)
    come_back(one, liar)
    now_s = 61.0
    liar.key, liar.lies = another_key("second"), Lies(header={"kid": "second"})
    assert come_back(one, liar, code="another")[0].subject == "ada"
    before = len([each for each in liar.asked if each[0] == "/keys"])
    liar.lies = Lies(header={"kid": "made up"})
    for number in range(5):
        assert refusal(one, liar, code=f"stranger-{number}").startswith("not believed")
    assert len([each for each in liar.asked if each[0] == "/keys"]) == before


def test_a_state_is_good_once_for_one_browser_and_some_minutes(engine: Engine, liar: StandIn) -> None:
    one, now = sign_on(engine, liar), datetime.now(UTC)
    for said in ({}, {"state": ""}, {"state": "made-up"}, {"state": "x" * 5000}, {"state": "a" * 43}):
        with pytest.raises(NotAdmitted) as raised:
            one.finish(MINE, {"code": "a-code", **said})
        assert raised.value.reason == "expired"
    state = liar.visit(one.begin(MINE, "/console"))["state"]
    with pytest.raises(NotAdmitted, match="another browser"):
        one.finish(THEIRS, {"state": state, "code": "a-code"})
    with pytest.raises(NotAdmitted, match="used before"):
        one.finish(MINE, {"state": state, "code": "a-code"})
    slow = SingleSignOn(provider_of(liar), Pending(engine, clock=lambda: now))
    state = liar.visit(slow.begin(MINE, "/console"))["state"]
    later = SingleSignOn(provider_of(liar), Pending(engine, clock=lambda: now + timedelta(minutes=11)))
    with pytest.raises(NotAdmitted, match="too long"):
        later.finish(MINE, {"state": state, "code": "a-code"})
    assert not [each for each in liar.asked if each[0] == "/token"], "no code is spent on any of these"


def test_a_code_is_good_once(engine: Engine, liar: StandIn) -> None:
    one = sign_on(engine, liar)
    come_back(one, liar, code="a-code")
    assert refusal(one, liar, code="a-code") == "declined: invalid_grant"


def test_an_answer_of_another_provider_is_none(engine: Engine, liar: StandIn) -> None:
    """RFC 9207: a code of one provider is not shown to another."""
    one = sign_on(engine, liar)
    assert refusal(one, liar, iss="https://login.example.org") == "not believed: other issuer"
    assert come_back(one, liar, code="b", iss=liar.issuer)[0].subject == "ada"
    liar.lies = Lies(metadata={"authorization_response_iss_parameter_supported": True})
    assert refusal(sign_on(engine, liar), liar) == "not believed: other issuer"


def test_whoever_is_refused_there_is_refused_here(engine: Engine, liar: StandIn) -> None:
    assert refusal(sign_on(engine, liar), liar, error="access_denied", code="") == "declined"
    assert refusal(sign_on(engine, liar), liar, code="").startswith("not believed")
    assert refusal(sign_on(engine, liar), liar, code="x" * 5000).startswith("not believed")


AWAY = {
    "discovery away": Lies(at="/.well-known/openid-configuration", status=503),
    "discovery is a page": Lies(at="/.well-known/openid-configuration", body=b"<html>Hello</html>"),
    "discovery is a list": Lies(at="/.well-known/openid-configuration", body=b"[]"),
    "discovery is deep": Lies(at="/.well-known/openid-configuration", body=b"[" * 100_000),
    "discovery is too long": Lies(at="/.well-known/openid-configuration", body=b" " * 2_000_000),
    "discovery leads elsewhere": Lies(at="/.well-known/openid-configuration", status=302, redirect_to="/token"),
    "another issuer": Lies(metadata={"issuer": "https://login.example.org"}),
    "no place for tokens": Lies(metadata={"token_endpoint": None}),
    "tokens without TLS": Lies(metadata={"token_endpoint": "http://login.example.org/token"}),
    "a file for keys": Lies(metadata={"jwks_uri": "file:///etc/passwd"}),
    "keys away": Lies(at="/keys", status=500),
    "no keys": Lies(at="/keys", body=b'{"keys": []}'),
    "a secret for a key": Lies(at="/keys", body=b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'),
    "odd keys": Lies(at="/keys", body=b'{"keys": [7, {}, {"kty": "RSA"}, {"kty": "EC", "crv": 5}]}'),
    "tokens away": Lies(at="/token", status=502),
    "tokens are a list": Lies(at="/token", body=b"[]"),
    "tokens are a number": Lies(at="/token", body=b"7"),
    "no tokens": Lies(at="/token", body=b"{}"),
    "tokens of no text": Lies(at="/token", body=b'{"access_token": 7, "id_token": []}'),
    "tokens lead elsewhere": Lies(at="/token", status=307, redirect_to="/userinfo"),
}


@pytest.mark.parametrize("lie", AWAY)
def test_a_provider_that_is_away_or_answers_nonsense(engine: Engine, liar: StandIn, lie: str) -> None:
    liar.lies = AWAY[lie]
    assert refusal(sign_on(engine, liar), liar).partition(":")[0] in {"away", "misconfigured"}


def test_nobody_listens_and_everybody_else_hears_it_at_once(engine: Engine) -> None:
    with stand_in() as gone:
        one = sign_on(engine, gone)
    reasons = []
    for _ in range(3):
        with pytest.raises(NotAdmitted) as raised:
            one.begin(MINE, "/console")
        reasons.append(raised.value.reason)
    assert reasons == ["away: ConnectionError"] * 3


def test_a_provider_that_hangs_holds_up_nobody_for_long(liar: StandIn) -> None:
    hangs, asked = Event(), Event()

    def fetch(_: str) -> dict[str, Any]:
        asked.set()
        hangs.wait(30)
        raise Away("in the end")

    known = Directory(provider_of(liar), fetch)
    first = Thread(target=lambda: suppress_away(known))
    first.start()
    assert asked.wait(10)
    began = time.monotonic()
    with pytest.raises(Away, match="being asked"):
        known.metadata()
    assert time.monotonic() - began < 10
    hangs.set()
    first.join(10)
    with pytest.raises(Away, match="in the end"):
        known.metadata()


def suppress_away(known: Directory) -> None:
    with suppress(Away):
        known.metadata()


def test_an_answer_that_takes_too_long_is_none(liar: StandIn) -> None:
    now_s = iter(range(0, 10_000, 6))
    asking = Asking(provider_of(liar), now_s=lambda: next(now_s))
    liar.lies = Lies(at="/keys", body=b" " * 100_000)
    with pytest.raises(Away, match="ReadTimeout"):
        asking.document(f"{liar.issuer}/keys")


def test_no_more_than_some_ask_at_once(liar: StandIn) -> None:
    liar.lies = Lies(at="/keys", silence_s=3.0)
    asking, ended = Asking(provider_of(liar)), list[str]()

    def ask() -> None:
        try:
            asking.document(f"{liar.issuer}/keys")
        except Away as error:
            ended.append(str(error))

    threads = [Thread(target=ask) for _ in range(AT_ONCE + 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert ended == ["too many ask at once"] * 3


def test_what_a_token_leaves_out_is_asked_for(engine: Engine, liar: StandIn) -> None:
    liar.person = {"sub": "ada"}
    liar.lies = Lies(userinfo=ADA)
    person, _ = come_back(sign_on(engine, liar), liar)
    assert person == Person(liar.issuer, "ada", "ada@example.org", frozenset({"admins"}))
    assert liar.asked[-1][2]["Authorization"] == "Bearer an-access-token"
    liar.lies = Lies(userinfo={**ADA, "sub": "mallory"})
    assert refusal(sign_on(engine, liar), liar, code="b") == "not believed: other subject"


@pytest.mark.parametrize(
    ("said", "email", "groups"),
    [
        ({"email_verified": False}, None, {"admins"}),
        ({"email_verified": None}, None, {"admins"}),
        ({"email_verified": "true"}, "ada@example.org", {"admins"}),
        ({"email_verified": 1}, None, {"admins"}),
        ({"email_verified": "false"}, None, {"admins"}),
        ({"email": ["ada@example.org"]}, None, {"admins"}),
        ({"groups": "admins"}, "ada@example.org", {"admins"}),
        ({"groups": ["a", 7, None, ["b"]]}, "ada@example.org", {"a"}),
        ({"groups": {"admins": True}}, "ada@example.org", set()),
        ({"groups": [str(number) for number in range(5000)]}, "ada@example.org", set(map(str, range(2000)))),
    ],
)
def test_what_a_provider_says_of_somebody(
    engine: Engine, liar: StandIn, said: dict[str, Any], email: str | None, groups: set[str]
) -> None:
    liar.lies = Lies(claims=said)
    person, _ = come_back(sign_on(engine, liar), liar)
    assert person == Person(liar.issuer, "ada", email, frozenset(groups))
