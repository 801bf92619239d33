"""The setting of the setup link's token."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.settings import SettingsError
from storage_service.accounts.joining import SetupToken, setup_token
from storage_service.console import settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SETUP_TOKEN", "SETUP_TOKEN_FILE"):
        monkeypatch.delenv(f"COUNTERFOIL_{name}", raising=False)


HASH = "0123456789abcdef" * 4


@pytest.mark.parametrize("moment", ["2026-11-29T18:00:00Z", "2026-11-29T18:00:00+00:00", "2026-11-29T19:00:00+01:00"])
def test_it_is_a_hash_and_a_moment(moment: str) -> None:
    assert setup_token(f" {HASH.upper()} {moment}\n") == SetupToken(HASH, datetime(2026, 11, 29, 18, tzinfo=UTC))


@pytest.mark.parametrize(
    "wrong", ["x", HASH, f"{HASH} yesterday", f"{HASH} 2026-11-29T18:00:00", f"{HASH[1:]} 2026-11-29T18:00:00Z"]
)
def test_what_is_wrong_keeps_the_console_from_starting(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        setup_token(wrong)
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", "amqp://localhost/")
    monkeypatch.setenv("COUNTERFOIL_SETUP_TOKEN", wrong)
    with pytest.raises(SettingsError, match="COUNTERFOIL_SETUP_TOKEN"):
        settings.load()


def test_the_console_is_told_of_it_and_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", "amqp://localhost/")
    assert settings.load().setup() is None
    monkeypatch.setenv("COUNTERFOIL_SETUP_TOKEN", f"{HASH} 2026-11-29T18:00:00Z")
    given = settings.load()
    told = given.setup()
    assert told is not None
    assert told.hash == HASH
    assert HASH not in repr(given)


def test_a_file_of_it_is_read_at_each_look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "setup_token"
    file.write_text(f"{HASH} 2026-11-29T18:00:00Z\n")
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", "amqp://localhost/")
    monkeypatch.setenv("COUNTERFOIL_SETUP_TOKEN_FILE", str(file))
    setup, newer = settings.load().setup, "f" * 64
    file.write_text(f"{newer} 2026-11-29T19:00:00Z\n")
    told = setup()
    assert told is not None
    assert told.hash == newer
    for broken in ("", "x" * 100_000):
        file.write_text(broken)
        assert setup() is None
    file.unlink()
    assert setup() is None
