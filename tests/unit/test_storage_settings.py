"""The storage service's settings."""

from __future__ import annotations

import pytest

from shared.settings import SettingsError
from storage_service import settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROKER_URL", "DATABASE_URL", "BATCH_SIZE", "BATCH_AGE_MS", "LOG_LEVEL", "LOG_FORMAT"):
        monkeypatch.delenv(f"COUNTERFOIL_{name}", raising=False)


def test_the_broker_alone_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", "amqp://u:p@localhost:5672/")
    loaded = settings.load()
    assert (loaded.database_url, loaded.batch_size, loaded.batch_age_ms) == ("sqlite:///storage.db", 500, 20)


def test_a_migration_needs_no_broker() -> None:
    assert settings.load(with_broker=False).broker_url == ""


def test_all_that_is_wrong_is_told_at_once_and_no_password_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", "mysql://user:hunter2@localhost/db")
    monkeypatch.setenv("COUNTERFOIL_BATCH_SIZE", "0")
    monkeypatch.setenv("COUNTERFOIL_BATCH_AGE_MS", "soon")
    with pytest.raises(SettingsError) as raised:
        settings.load()
    told = str(raised.value)
    for name in ("BROKER_URL", "DATABASE_URL", "BATCH_SIZE", "BATCH_AGE_MS"):
        assert name in told
    assert "postgresql://" in told
    assert "hunter2" not in told


def test_addresses_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", "amqp://u:hunter2@localhost:5672/")
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", "postgresql://u:hunter3@localhost/db")
    assert "hunter" not in repr(settings.load())
