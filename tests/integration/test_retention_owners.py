"""What owners see of retention, and how they pause it: by the page, the API and the command, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from storage_service.accounts.audit import Audit
from storage_service.retention.rules import COUNTS_AFTER
from storage_service.tables import RETENTION
from support.console_app import ConsoleApp, a_console
from support.console_pages import Reader, reader
from support.service import run
from support.submission_databases import migrated

PAGE = "/console/settings/retention"
FORMS = """
[forms.signup]
title = "Sign <up>"
retention = "180 days"
spam_retention = "30 days"

[forms.contact]
retention = "90 days"
retention_action = "anonymise"

[forms.kept]
title = "Kept & well"
"""
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made, made.begin() as connection:
        known = [
            {"form": "contact", "what": "spam", "days": 90, "action": "erase"},
            {"form": "signup", "what": "spam", "days": 30, "action": "erase", "last_ended_at": NOW, "last_count": 7},
            {"form": "signup", "what": "submissions", "days": 365, "action": "erase"},
        ]
        asked = {"asked_days": 180, "asked_action": "erase", "asked_at": NOW - timedelta(hours=1)}
        for one in known:
            more = asked if one["days"] == 365 else {}
            connection.execute(insert(RETENTION.rules).values(run_count=0, **one, **more))
        connection.commit()
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path, definitions=FORMS, clock=lambda: NOW)


@pytest.fixture
def ada(console: ConsoleApp) -> Reader:
    return reader(console)


def noted(engine: Engine) -> list[tuple[str, str, str | None]]:
    return [(one.by, one.action, one.on) for one in Audit(engine).page(50) if one.action.startswith("retention")][::-1]


def test_the_page_says_of_each_form_what_goes_and_when(ada: Reader) -> None:
    page = ada.text(PAGE)
    assert "Sign &lt;up&gt;" in page
    assert "erased after 180 days" in page
    assert "until then erased after 365 days" in page
    assert "erased after 30 days" in page
    assert "7, " in page, "the last run"
    assert "Kept for ever: <bdi>Kept &amp; well</bdi>." in page
    assert "The forms file was changed." in page, "nobody has seen the rule of contact yet"


def test_without_a_rule_it_says_how_to_write_one(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(RETENTION.rules.delete())
    console = a_console(engine, tmp_path, definitions="[forms.a]")
    page = reader(console).text(PAGE)
    assert 'retention = "180 days"' in page.replace("&#34;", '"')
    assert "Everything is kept" in page


def test_a_form_is_paused_and_goes_on(ada: Reader, engine: Engine) -> None:
    answer = ada.post(f"{PAGE}/pause", {"form": "signup"})
    assert (answer.status_code, answer.location) == (303, PAGE)
    page = ada.text(PAGE)
    assert "Nothing more of signup is erased by itself." in page
    assert 'aria-label="Go on with Sign &lt;up&gt;"' in page
    ada.post(f"{PAGE}/resume", {"form": "signup"})
    assert "Retention of signup goes on." in ada.text(PAGE)
    assert noted(engine) == [
        ("ada@example.org", "retention.paused", "signup"),
        ("ada@example.org", "retention.resumed", "signup"),
    ]


def test_all_are_paused_and_go_on(ada: Reader, console: ConsoleApp) -> None:
    ada.post(f"{PAGE}/pause")
    assert "Paused for all forms" in ada.text(PAGE)
    assert all(one.pause for one in console.parts.outlooks.listed())
    ada.post(f"{PAGE}/resume")
    assert "Paused for all forms" not in ada.text(PAGE)


def test_what_is_no_form_is_refused(ada: Reader, console: ConsoleApp) -> None:
    assert ada.post(f"{PAGE}/pause", {"form": "<b>"}).status_code == 422
    assert "It was not paused." in ada.post(f"{PAGE}/resume", {"form": "x" * 999}, follow_redirects=True).text
    pause = "/v1/retention/pause"
    assert console.refusal(pause, method="POST", json={"form": "gone"}) == (422, "FORM_NOT_FOUND", "form")
    bad: list[Any] = [{"form": ""}, {"form": "a b"}, {"form": 7}, {"other": 1}, [], "signup"]
    for wrong in bad:
        assert console.ask(pause, method="POST", json=wrong).status_code in (400, 422), wrong


def rules(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["form"], one["what"]) for one in document["rules"]]


def test_the_api_says_the_same(console: ConsoleApp) -> None:
    document = console.json("/v1/retention")
    assert rules(document) == [("contact", "spam"), ("signup", "submissions"), ("signup", "spam")]
    pending = document["rules"][1]
    counts_at = datetime.fromisoformat(pending["counts_at"])
    assert counts_at == NOW - timedelta(hours=1) + COUNTS_AFTER
    assert (pending["days"], pending["until_then"]) == (180, {"days": 365, "action": "erase"})
    assert document["rules"][2]["last"]["count"] == 7
    assert rules(console.json("/v1/retention", console.key("read", forms=["contact"]))) == [("contact", "spam")]
    paused = console.json("/v1/retention/pause", method="POST", json={})
    assert paused["paused"]["at"] == paused["rules"][0]["paused"]["at"]
    assert console.json("/v1/retention/resume", method="POST", json={"form": None})["paused"] is None


def test_the_command_says_the_same(engine: Engine, database_url: str) -> None:
    settings = {"COUNTERFOIL_DATABASE_URL": database_url}
    shown = run("storage_service", "retention", "show", settings=settings)
    assert [line.split("\t")[:2] for line in shown.splitlines()] == [
        ["contact", "spam"],
        ["signup", "submissions"],
        ["signup", "spam"],
    ]
    assert ", until then erase after 365 days\t0 due" in shown
    assert run("storage_service", "retention", "pause", "signup", settings=settings).startswith(
        "nothing more of signup"
    )
    assert "paused since" in run("storage_service", "retention", "show", settings=settings)
    run("storage_service", "retention", "resume", settings=settings, exit_code=1)
    run("storage_service", "retention", "resume", "signup", settings=settings)
    run("storage_service", "retention", "pause", "a b", settings=settings, exit_code=2)
    run("storage_service", "retention", "pause", "sginup", settings=settings, exit_code=2)
    assert [action for by, action, _ in noted(engine) if by.startswith("command: ")] == [
        "retention.paused",
        "retention.resumed",
    ]
