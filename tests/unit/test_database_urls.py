"""Database addresses."""

from __future__ import annotations

import pytest

from shared import database


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_means_psycopg_with_limits_that_the_address_may_change(scheme: str) -> None:
    engine = database.create(f"{scheme}://user:p%40ss@db.example.org:5433/name?connect_timeout=30")
    assert engine.dialect.driver == "psycopg"
    _, options = engine.dialect.create_connect_args(engine.url)
    assert (options["host"], options["port"], options["password"]) == ("db.example.org", 5433, "p@ss")
    assert options["connect_timeout"] == "30"
    assert options["tcp_user_timeout"] == "20000"


@pytest.mark.parametrize(
    "url",
    ["", "storage.db", "sqlite://", "sqlite:///:memory:", "mysql://u:hunter2@h/d", "postgresql://u:hunter2@h:x/d"],
)
def test_what_cannot_be_used_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="expected sqlite:///") as raised:
        database.create(url)
    assert "hunter2" not in str(raised.value)
