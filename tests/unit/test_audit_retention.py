"""How long the audit is kept: read from the environment, and checked at start."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.settings import SettingsError
from storage_service.console import settings


def load(monkeypatch: pytest.MonkeyPatch, kept: str | None) -> settings.Settings:
    monkeypatch.setenv("COUNTERFOIL_BROKER_URL", "amqp://u:p@localhost:5672/")
    if kept is not None:
        monkeypatch.setenv("COUNTERFOIL_AUDIT_RETENTION", kept)
    return settings.load()


@pytest.mark.parametrize(
    ("text", "days"),
    [(None, 730), ("", 730), ("31 days", 31), ("520 weeks", 3640), ("forever", None)],
)
def test_it_is_two_years_unless_it_is_said(monkeypatch: pytest.MonkeyPatch, text: str | None, days: int | None) -> None:
    expected = None if days is None else timedelta(days=days)
    assert load(monkeypatch, text).audit_kept_for == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("30 days", "expected 31 days at least"),
        ("2 years", "months and years differ in length"),
        ("730", "expected a number of days or weeks, such as 180 days; or forever"),
        ("none", "expected a number of days or weeks"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(monkeypatch, text)
    assert "COUNTERFOIL_AUDIT_RETENTION" in str(raised.value)
    assert says in str(raised.value)
