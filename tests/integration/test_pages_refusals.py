"""Refusals below `/console` are pages, for htmx notices; below `/v1` they stay what programs read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Blueprint, Response
from sqlalchemy import Engine

from shared.messaging.failures import DependencyUnavailable
from shared.web.refusals import refused
from storage_service.console.access import open_to_all
from storage_service.console.app import create_app
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.parameters import BODY_BYTES
from storage_service.console.parts import Parts
from support.console_app import ConsoleApp, a_console
from support.console_pages import Reader, reader, stranger
from support.submission_databases import migrated

RAISED = {
    "403": refused(403, "ROLE", "Not you."),
    "404": refused(404, "NOT_FOUND", "There is no <b>such</b> thing."),
    "409": refused(409, "CONFLICT", "Somebody was quicker."),
    "500": RuntimeError("a secret of ours"),
    "503": DependencyUnavailable("the database"),
}


class Room:
    """A room whose pages raise what they are asked for."""

    def routes(self, parts: Parts, pages: Pages) -> Blueprint:
        views = Blueprint("raising", __name__)

        @views.route("/console/raise/<what>", methods=["GET", "POST"])
        @open_to_all
        def fail(what: str) -> Response:
            raise RAISED[what]

        return views


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    with migrated(sqlite_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    made = a_console(engine, tmp_path)
    app = create_app(made.parts, rooms=[Room()])
    return ConsoleApp(app, made.parts, made.broker, app.test_client())


@pytest.mark.parametrize("status", sorted(RAISED))
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_a_refusal_is_a_page(console: ConsoleApp, status: str, is_signed_in: bool) -> None:
    who: Reader = reader(console) if is_signed_in else stranger(console)
    answer = who.get(f"/console/raise/{status}")
    assert (str(answer.status_code), answer.mimetype) == (status, "text/html")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "a secret of ours" not in answer.text
    assert "<b>such" not in answer.text
    assert ("/console/inbox" if is_signed_in else "/console/sign-in") in answer.text


@pytest.mark.parametrize("status", ["403", "404", "409"])
def test_for_htmx_it_is_a_notice_beside_what_stays(console: ConsoleApp, status: str) -> None:
    answer = reader(console).get(f"/console/raise/{status}", headers={"HX-Request": "true"})
    assert (str(answer.status_code), answer.headers["HX-Reswap"]) == (status, "none")
    assert 'id="notices"' in answer.text
    assert "<html" not in answer.text


def test_what_http_refuses_is_a_page_too(console: ConsoleApp) -> None:
    who = reader(console)
    assert "There is nothing here" in who.get("/console/nowhere").text
    wrong = who.client.put("/console/raise/404", data={"csrf_token": "x"})
    assert (wrong.status_code, wrong.mimetype) == (405, "text/html")
    large = who.client.post("/console/raise/404", data={"text": "x" * (BODY_BYTES + 1)})
    assert (large.status_code, large.mimetype) == (413, "text/html")


def test_without_its_database_a_page_says_so(console: ConsoleApp, engine: Engine) -> None:
    who = reader(console)
    engine.dispose()
    Path(str(engine.url.database)).unlink()
    Path(str(engine.url.database)).mkdir()  # what SQLite cannot open
    for each in (who, stranger(console)):
        answer = each.get("/console/raise/404")
        assert answer.status_code in (404, 503)
    answer = who.get("/console/raise/404")
    assert (answer.status_code, answer.mimetype, answer.headers["Retry-After"]) == (503, "text/html", "5")


def test_programs_are_answered_as_ever(console: ConsoleApp) -> None:
    assert console.ask("/v1/nowhere").mimetype == "application/problem+json"
    assert console.ask("/v1/forms", None).mimetype == "application/problem+json"
    assert console.ask("/nowhere").mimetype == "application/problem+json"
