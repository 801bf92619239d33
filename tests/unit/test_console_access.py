"""Whose address a request comes from, and what the console is told about it."""

from __future__ import annotations

import pytest
from flask import Flask, request

from shared.public_addresses import parse_networks
from shared.settings import SettingsError
from storage_service.console import settings
from storage_service.console.access import source_of

APP = Flask(__name__, root_path=".")
GATEWAYS = parse_networks("10.1.0.0/16, fd00::/8")


@pytest.mark.parametrize(
    ("peer", "said", "source"),
    [
        ("10.1.2.3", "192.0.2.7", "192.0.2.7"),
        ("10.1.2.3", "203.0.113.9, 192.0.2.7", "192.0.2.7"),
        ("10.1.2.3", "192.0.2.7:4711", "192.0.2.7"),
        ("fd00::7", "2001:db8::7", "2001:db8::7"),
        ("10.1.2.3", None, "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.2.2.3", "192.0.2.7", "10.2.2.3"),
        ("203.0.113.9", "10.1.2.3", "203.0.113.9"),
        ("10.1.2.3", "x" * 500, "x" * 64),
        ("", "192.0.2.7", None),
    ],
)
def test_a_forwarded_address_is_believed_from_named_networks_alone(peer: str, said: str | None, source: str) -> None:
    headers = {} if said is None else {"X-Forwarded-For": said}
    with APP.test_request_context("/", headers=headers, environ_base={"REMOTE_ADDR": peer}):
        assert source_of(request, GATEWAYS) == source
        assert source_of(request, ()) == (peer or None)


def test_the_settings_and_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", "amqp://localhost/")
    given = settings.load()
    assert (given.bind, given.proxies) == ("127.0.0.1:8090", parse_networks("127.0.0.0/8, ::1/128"))
    monkeypatch.setenv("COUNTERFOIL_CONSOLE_PROXIES", "none")
    assert settings.load().proxies == ()
    monkeypatch.setenv("COUNTERFOIL_CONSOLE_PROXIES", "10.0.0.0/8,192.0.2.1")
    assert settings.load().proxies == parse_networks("10.0.0.0/8, 192.0.2.1/32")
    monkeypatch.setenv("COUNTERFOIL_CONSOLE_PROXIES", "the gateway")
    with pytest.raises(SettingsError, match="COUNTERFOIL_CONSOLE_PROXIES"):
        settings.load()


def test_owners_reach_the_pages_where_that_is_said_else_where_everybody_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", "amqp://localhost/")
    monkeypatch.setenv("COUNTERFOIL_SETUP_TOKEN_FILE", "")  # as with Swarm: none
    monkeypatch.delenv("COUNTERFOIL_PUBLIC_URL", raising=False)
    monkeypatch.delenv("COUNTERFOIL_CONSOLE_PUBLIC_URL", raising=False)
    assert settings.load().pages_url is None
    monkeypatch.setenv("COUNTERFOIL_PUBLIC_URL", "https://forms.example.org/")
    assert settings.load().pages_url == "https://forms.example.org"
    monkeypatch.setenv("COUNTERFOIL_CONSOLE_PUBLIC_URL", "https://console.example.org")
    assert settings.load().pages_url == "https://console.example.org"
    assert settings.load().public_url == "https://forms.example.org"
    assert settings.load().setup() is None
