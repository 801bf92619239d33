"""How people sign in: each setting is checked, and all errors are told at once; and where passkeys count."""

from __future__ import annotations

import pytest

from shared.settings import SettingsError
from storage_service.accounts.oidc.provider import is_trusted_address
from storage_service.accounts.passkeys.party import Party, party_of
from storage_service.console import settings

GOOD = {
    "BROKER_URL": "amqp://u:p@localhost:5672/",
    "PUBLIC_URL": "https://forms.example.org",
    "OIDC_ISSUER": "https://login.example.org/realms/main",
    "OIDC_CLIENT_ID": "counterfoil",
    "OIDC_CLIENT_SECRET": "hunter2",
    "OIDC_ROLES": "admins=owner",
}
NAMES = (*GOOD, "SIGN_IN", "OIDC_SCOPES", "OIDC_GROUPS_CLAIM")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"COUNTERFOIL_{name}", raising=False)
        monkeypatch.delenv(f"COUNTERFOIL_{name}_FILE", raising=False)


def load(monkeypatch: pytest.MonkeyPatch, **given: str) -> settings.Settings:
    for name, value in given.items():
        monkeypatch.setenv(f"COUNTERFOIL_{name}", value)
    return settings.load()


def test_without_a_word_there_are_passwords_and_passkeys(monkeypatch: pytest.MonkeyPatch) -> None:
    read = load(monkeypatch, BROKER_URL=GOOD["BROKER_URL"]).sign_in
    assert read.ways == {"password", "passkey"}
    assert read.provider is None


def test_a_provider_adds_itself_and_may_be_the_only_way(monkeypatch: pytest.MonkeyPatch) -> None:
    read = load(monkeypatch, **GOOD)
    assert read.sign_in.ways == {"password", "passkey", "oidc"}
    assert read.sign_in.provider is not None
    assert read.sign_in.provider.redirect_uri == "https://forms.example.org/console/sign-in/oidc/callback"
    assert read.sign_in.provider.discovery_url.startswith("https://login.example.org/realms/main/.well-known/")
    assert "hunter2" not in repr(read)
    assert load(monkeypatch, SIGN_IN=" oidc ,").sign_in.ways == {"oidc"}


WRONG = [
    ({"SIGN_IN": "passwords"}, "COUNTERFOIL_SIGN_IN: 'passwords' is no way to sign in"),
    ({"SIGN_IN": "passkey"}, "COUNTERFOIL_SIGN_IN: a passkey is added by who is signed in"),
    ({"SIGN_IN": "password"}, "COUNTERFOIL_SIGN_IN: COUNTERFOIL_OIDC_ISSUER is set"),
    ({"OIDC_ISSUER": ""}, "COUNTERFOIL_SIGN_IN: oidc needs COUNTERFOIL_OIDC_ISSUER"),
    ({"OIDC_ISSUER": "http://login.example.org"}, "COUNTERFOIL_OIDC_ISSUER: expected the provider's address"),
    ({"OIDC_ISSUER": "https://login.example.org/?realm=main"}, "COUNTERFOIL_OIDC_ISSUER"),
    ({"OIDC_ISSUER": "login.example.org"}, "COUNTERFOIL_OIDC_ISSUER"),
    ({"OIDC_CLIENT_ID": ""}, "COUNTERFOIL_OIDC_CLIENT_ID"),
    ({"PUBLIC_URL": ""}, "COUNTERFOIL_PUBLIC_URL: COUNTERFOIL_OIDC_ISSUER needs it"),
    ({"OIDC_SCOPES": "email"}, "COUNTERFOIL_OIDC_SCOPES: expected openid"),
    ({"OIDC_ROLES": "admins=boss"}, "COUNTERFOIL_OIDC_ROLES: 'admins=boss'"),
]


@pytest.mark.parametrize(("given", "told"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(monkeypatch, **{"SIGN_IN": "password,oidc", **GOOD, **given})
    assert told in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_all_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"OIDC_ROLES": "boss", "OIDC_CLIENT_ID": "", "PUBLIC_URL": "", "SIGN_IN": "passkey", "BROKER_URL": "none"}
    with pytest.raises(SettingsError) as raised:
        load(monkeypatch, **{**GOOD, **wrong})
    for name in wrong:
        assert f"COUNTERFOIL_{name}" in str(raised.value)


@pytest.mark.parametrize(
    ("url", "reached", "party"),
    [
        ("https://forms.example.org", "", Party("forms.example.org", "https://forms.example.org")),
        ("https://Forms.example.org:8443", "", Party("forms.example.org", "https://forms.example.org:8443")),
        ("https://forms.example.org:443", "", Party("forms.example.org", "https://forms.example.org")),
        ("https://intranet", "", Party("intranet", "https://intranet")),
        (None, "http://localhost:8080", Party("localhost", "http://localhost:8080")),
        (None, "http://localhost:80", Party("localhost", "http://localhost")),
        (None, "https://localhost:443", Party("localhost", "https://localhost")),
        ("https://forms.example.org", "http://localhost:8080", Party("localhost", "http://localhost:8080")),
        (None, "http://127.0.0.1:8080", None),
        (None, "https://forms.example.org", None),
        ("https://192.0.2.7", "https://192.0.2.7", None),
        ("https://[2001:db8::1]", "", None),
        ("http://forms.example.org", "http://forms.example.org", None),
        (None, "http://localhost.evil.example:80", None),
        (None, "http://localhost:8080@evil.example", None),
    ],
)
def test_where_a_passkey_counts(url: str | None, reached: str, party: Party | None) -> None:
    assert party_of(url, reached) == party


@pytest.mark.parametrize(
    ("url", "is_trusted"),
    [
        ("https://login.example.org/token", True),
        ("http://127.0.0.1:3000/token", True),
        ("http://localhost/token", True),
        ("http://[::1]:3000/token", True),
        ("http://login.example.org/token", False),
        ("http://localhost.example.org/token", False),
        ("http://127.0.0.1.example.org/", False),
        ("https://user@login.example.org/", False),
        ("https://user:password@login.example.org/", False),
        ("https://login.example.org/#part", False),
        ("https://", False),
        ("https://[::1", False),
        ("https://login.example.org:port/", False),
        ("ftp://login.example.org/", False),
        ("file:///etc/passwd", False),
        ("https://login.example.org/a b", False),
        ("https://login.example.org/\n", False),
        ("https://login.example.org/" + "a" * 2000, False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_which_addresses_of_a_provider_are_asked(url: object, is_trusted: bool) -> None:
    assert is_trusted_address(url) is is_trusted
