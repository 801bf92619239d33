"""What the console answers where something goes wrong behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.messaging.failures import DependencyUnavailable, PermanentFailure
from storage_service.records import Page, QueryTookTooLong, Records
from support.console_app import ConsoleApp, a_console
from support.submission_databases import migrated


class Failing(Records):
    """Records whose pages fail."""

    def __init__(self, engine: Engine, error: Exception) -> None:
        super().__init__(engine)
        self._error = error

    def page(self, *_: Any, **__: Any) -> Page:
        raise self._error


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    with migrated(sqlite_url) as made:
        yield made


def failing(engine: Engine, directory: Path, error: Exception) -> ConsoleApp:
    return a_console(engine, directory, records=Failing(engine, error))


def test_a_query_that_takes_too_long_says_what_helps(engine: Engine, tmp_path: Path) -> None:
    answer = failing(engine, tmp_path, QueryTookTooLong(5.0)).ask("/v1/submissions")
    assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (422, "TOO_SLOW")
    assert "ask for a form, or for fewer days" in answer.get_json()["detail"]
    assert "Retry-After" not in answer.headers, "it would take as long again"


def test_without_the_database_it_is_503_for_now(engine: Engine, tmp_path: Path) -> None:
    answer = failing(engine, tmp_path, DependencyUnavailable("server at 192.0.2.1 is away")).ask("/v1/submissions")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "192.0.2.1" not in answer.text


def test_what_the_database_refuses_is_422(engine: Engine, tmp_path: Path) -> None:
    refused = failing(engine, tmp_path, PermanentFailure("the database refuses it: DataError"))
    assert refused.refusal("/v1/submissions")[:2] == (422, "NOT_STORABLE")


def test_a_bug_is_told_to_nobody(engine: Engine, tmp_path: Path) -> None:
    answer = failing(engine, tmp_path, ZeroDivisionError("a value of ada@example.org")).ask("/v1/submissions")
    assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (500, "INTERNAL")
    assert "ada" not in answer.text


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/v2/submissions", "/v1//submissions", "/v1/submissions/a/b"])
def test_what_is_no_address_is_404_for_everybody(engine: Engine, tmp_path: Path, path: str) -> None:
    assert a_console(engine, tmp_path).refusal(path, key=None) == (404, "NOT_FOUND", None)


def test_an_address_names_its_own_methods_and_none_of_what_matches_it_too(engine: Engine, tmp_path: Path) -> None:
    console, own = a_console(engine, tmp_path), dict[str, set[str]]()
    for rule in console.app.url_map.iter_rules():
        if not rule.arguments:
            own.setdefault(rule.rule, set()).update(rule.methods or ())
    assert {"/v1/submissions/bulk", "/v1/suppressions/find"} <= own.keys(), "vacuous: another address matches these"
    for path, methods in own.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - methods:
            answer = console.ask(path, method=method)
            allowed = set(answer.headers.get("Allow", "").split(", "))
            assert (answer.status_code, allowed) == (405, methods), f"{method} {path}"


def test_no_answer_is_kept_and_none_is_for_a_browser_to_guess(engine: Engine, tmp_path: Path) -> None:
    console = a_console(engine, tmp_path)
    for path in ("/v1/submissions", "/v1/forms", "/nowhere", "/v1/openapi.json", "/readyz"):
        headers = console.ask(path).headers
        assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
        assert "Set-Cookie" not in headers
