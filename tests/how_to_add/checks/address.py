"""The address of the page is served, described, and for who has a key."""

from __future__ import annotations

from pathlib import Path

from support.console_app import a_console
from support.submission_databases import migrated


def test_it_is_served_and_described(sqlite_url: str, tmp_path: Path) -> None:
    with migrated(sqlite_url) as engine:
        console = a_console(engine, tmp_path)
        key = console.key("read", forms=["contact"])
        assert console.json("/v1/whoami", key) == {"name": "key-0", "scopes": ["read"], "forms": ["contact"]}
        assert console.ask("/v1/whoami", key=None).status_code == 401
        assert "/v1/whoami" in console.json("/v1/openapi.json")["paths"]
