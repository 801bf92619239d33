"""Settings: all errors at once, each with its name; secrets from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared import settings
from shared.settings import SettingsError


def test_all_errors_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", "localhost:5672")
    monkeypatch.setenv("COUNTERFOIL_LOG_LEVEL", "loud")
    env = settings.reader()
    settings.broker_url(env)
    settings.log_level(env)
    with pytest.raises(SettingsError) as error:
        settings.sealed(env, "COUNTERFOIL_FORMS: something else", None)
    text = str(error.value)
    assert "COUNTERFOIL_BROKER_URL" in text
    assert "amqp://" in text
    assert "COUNTERFOIL_LOG_LEVEL" in text
    assert "COUNTERFOIL_FORMS: something else" in text


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTERFOIL_BROKER_URL", raising=False)
    env = settings.reader()
    settings.broker_url(env)
    with pytest.raises(SettingsError, match="COUNTERFOIL_BROKER_URL"):
        settings.sealed(env)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("localhost:5672", "expected a URL such as amqp://user:password@host:port/"),
        ("amqp://u:hunter2@h:port/", "expected a URL such as"),
        ("amqp://u:hunter[2@one/", "expected a URL such as"),
        ("amqp://u:p@[::1/", "expected a URL such as"),
        ("amqp://u:p@one/?heartbeat=hunter", "only the parameters of pika's URLParameters"),
        ("amqps://u:p@one/?ssl_options={'ca_certs':'/nowhere'}", "only the parameters of pika's URLParameters"),
        ("amqp://u:p@one/,two:5672", "of 2 addresses with commas between, 2 is wrong"),
        ("amqp://u:hunter,2@one/,amqp://u:p@two/", "of 3 addresses with commas between, 1 and 2 are wrong"),
        ("amqp://u:p@one/,", "of 2 addresses with commas between, 2 is wrong"),
        ("amqp://u:p@one/,amqp://u:p@two/other", "different virtual hosts"),
    ],
)
def test_a_wrong_broker_address_is_named_without_its_password(
    given: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", given)
    env = settings.reader()
    settings.broker_url(env)
    with pytest.raises(SettingsError) as error:
        settings.sealed(env)
    assert complaint in str(error.value)
    assert "hunter" not in str(error.value)


@pytest.mark.parametrize(
    "given",
    [
        "amqp://u:p@one:5672/%2F, amqps://u:p@two/,amqp://u:p@[::1]:5672",
        "amqp://u:p@one/vhost,amqp://u:p%2C@two/vhost",
    ],
)
def test_the_nodes_of_a_cluster_stand_with_commas_between(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", given)
    env = settings.reader()
    assert settings.broker_url(env) == given
    settings.sealed(env)


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("amqps://user:secret@broker.example.org/vhost\n")
    monkeypatch.delenv("COUNTERFOIL_BROKER_URL", raising=False)
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL_FILE", str(secret))
    env = settings.reader()
    assert settings.broker_url(env) == "amqps://user:secret@broker.example.org/vhost"
    settings.sealed(env)


def test_a_secret_file_that_is_not_there_is_one_error_among_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTERFOIL_BROKER_URL", raising=False)
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL_FILE", "/nowhere/url")
    monkeypatch.setenv("COUNTERFOIL_LOG_FORMAT", "xml")
    env = settings.reader()
    settings.broker_url(env)
    settings.log_format(env)
    with pytest.raises(
        SettingsError, match=r"(?s)COUNTERFOIL_BROKER_URL_FILE must be a readable.*COUNTERFOIL_LOG_FORMAT"
    ):
        settings.sealed(env)
