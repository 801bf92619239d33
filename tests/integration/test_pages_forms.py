"""The page *Forms*: cards, charts, definitions and what is wrong with them, for those who may see each form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from shared.forms import Form
from shared.web.refusals import unavailable
from storage_service.accounts.roles import Grant
from storage_service.console.pages.forms import testing
from storage_service.console.trying import LABEL, Tried, Trying
from support.console_app import ConsoleApp, a_console
from support.console_pages import Reader, reader
from support.events import an_event
from support.shown import words_of
from support.submission_databases import migrated, store
from support.tags import Tags

NOW = datetime(2026, 10, 26, 21, 30, tzinfo=UTC)
DAY = re.compile(r'<th scope="row">([^<]+)</th><td class="number">(\d+)</td>')
HOSTILE = "<script>alert(1)</script>\u202e\"' onload=x"

DEFINITIONS = """
[forms.signup]
title = "Sign up"
fields.name = {type = "text", label = "Your name", required = true}
fields.email = {type = "email"}
fields.day = {type = "boolean", max_length = 3}
webhook = {url = "https://hooks.example.org/hidden", secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}

[forms.contact]
title = '''<script>alert(1)</script>"' onload=x'''
fields.message = {type = "text", label = "<img src=x>", help = "</td>"}

[forms.closed]
active = false

[forms.guarded]
captcha = {provider = "turnstile", secret = "hidden"}
"""


class Gateway(Trying):
    """Takes tests as a gateway would, and stores them a moment later."""

    def __init__(self, engine: Engine, status: int = 202, delay_s: float = 0.0) -> None:
        super().__init__("http://gateway:8080")
        self._engine = engine
        self.status = status
        self.delay_s = delay_s
        self.asked: list[tuple[str, str | None]] = []
        self.is_away = False

    def submit(self, form: Form, address: str | None) -> Tried:
        self.asked.append((form.name, address))
        if self.is_away:
            raise unavailable("No gateway answers at http://gateway:8080 (TimeoutError).")
        if self.status != 202:
            return Tried(None, self.status, ["Your name is too short."])
        event = an_event(form=form.name, name="TEST")
        store(self._engine, event)
        return Tried(event.id, 202)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path, definitions=DEFINITIONS, clock=lambda: NOW, trying=Gateway(engine))


@pytest.fixture
def ada(console: ConsoleApp) -> Reader:
    return reader(console)


def at(moment: datetime, form: str = "signup", **others: Any) -> Any:
    return replace(an_event(form=form, n=str(uuid4())), accepted_at=moment, **others)


def test_a_card_says_how_many_there_are_and_when_the_last_came(engine: Engine, ada: Reader) -> None:
    store(engine, *(at(NOW - timedelta(hours=2 + n)) for n in range(3)), at(NOW, spam="honeypot"))
    page = ada.text("/console/forms")
    words = " ".join(words_of(page))
    assert "3 new" in words
    assert "3 in all" in words
    assert "1 spam" in words
    assert "2 hours ago" in words
    assert "3 in the last 30 days, 3 today. Most on 26 October: 3." in words
    assert "/console/inbox?q=form%3Asignup+is%3Anew+-is%3Aspam" in page


def test_days_are_those_of_the_reader(engine: Engine, console: ConsoleApp, ada: Reader) -> None:
    """At 21:30 UTC it is the next day in Kathmandu; and the day before had 25 hours in Berlin."""
    store(
        engine, at(NOW), at(datetime(2026, 10, 24, 22, 30, tzinfo=UTC)), at(datetime(2026, 10, 25, 22, 30, tzinfo=UTC))
    )
    assert ada.user is not None
    for zone, expected in {
        "Asia/Kathmandu": {"27 October 2026": 1, "26 October 2026": 1, "25 October 2026": 1},
        "Europe/Berlin": {"26 October 2026": 1, "25 October 2026": 2},
        "UTC": {"26 October 2026": 1, "25 October 2026": 1, "24 October 2026": 1},
    }.items():
        console.parts.accounts.users.set_time_zone(ada.user.id, zone)
        found = re.findall(
            r'<th scope="row">([^<]+)</th><td class="number">(\d+)</td>', ada.text("/console/forms/signup")
        )
        assert len(found) == 30
        assert {day: int(n) for day, n in found if n != "0"} == expected, zone


def test_a_chart_has_words_for_who_does_not_see_it_and_no_style_of_its_own(engine: Engine, ada: Reader) -> None:
    store(engine, at(NOW))
    for path in ("/console/forms", "/console/forms/signup"):
        tags = Tags(ada.text(path)).found
        charts = [one for tag, one in tags if tag == "svg"]
        ids = {one.get("id") for _, one in tags}
        assert charts
        assert all(one["role"] == "img" for one in charts)
        assert all(set(str(one["aria-labelledby"]).split()) <= ids for one in charts)
        assert len([one for one in tags if one[1].get("id")]) == len(ids - {None}), "each id stands once"
        assert not [one for _, one in tags if "style" in one or any(name.startswith("on") for name in one)]


def test_numbers_of_any_size_are_written_for_people(console: ConsoleApp, engine: Engine, ada: Reader) -> None:
    store(engine, *(at(NOW - timedelta(minutes=n)) for n in range(1200)))
    assert "1,200 in all" in " ".join(words_of(ada.text("/console/forms")))


@pytest.mark.parametrize("path", ["/console/forms", "/console/forms/contact"])
def test_hostile_names_are_words(engine: Engine, ada: Reader, path: str) -> None:
    store(engine, at(NOW, form=HOSTILE[:64]), at(NOW, form="contact"))
    page = ada.text(path)
    tags = Tags(page).found
    assert not [one for tag, one in tags if tag == "script" and "src" not in one]
    assert not [one for _, one in tags if "onload" in one or one.get("src") == "x"]
    assert "<script>alert(1)" not in page
    assert "alert(1)" in unescape(page)


def test_a_form_gone_from_the_file_stands_apart_and_stays_readable(engine: Engine, ada: Reader) -> None:
    store(engine, at(NOW, form="old"))
    words = " ".join(words_of(ada.text("/console/forms")))
    assert "Not in forms.toml any more" in words
    page = ada.text("/console/forms/old")
    assert "It takes nothing new" in page
    assert "form%3Aold" in page
    assert "Send a test" not in page
    assert ada.get("/console/forms/never").status_code == 404
    assert ada.post("/console/forms/old/test").status_code == 404


def test_of_anothers_form_nothing_is_seen(engine: Engine, console: ConsoleApp) -> None:
    store(engine, at(NOW), at(NOW, form="contact"), at(NOW, form="old"))
    bob = reader(console, Grant("editor", "signup"), email="bob@example.org")
    page = bob.text("/console/forms")
    assert "Sign up" in page
    assert not {"contact", "closed", "old"} & set(re.findall(r"/console/forms/(\w+)", page))
    for name in ("contact", "old", "never"):
        assert bob.get(f"/console/forms/{name}").status_code == 404
        assert bob.post(f"/console/forms/{name}/test").status_code == 404


def test_the_page_of_a_form_shows_how_to_post_to_it(ada: Reader) -> None:
    page = ada.text("/console/forms/signup")
    shown = unescape(page)
    assert "http://localhost/f/signup" in shown
    assert "curl -d 'name=Ada Lovelace' http://localhost/f/signup" in shown
    assert '<form data-counterfoil action="http://localhost/f/signup" method="post">' in shown


def test_the_definition_is_shown_with_what_has_no_effect_and_without_secrets(ada: Reader) -> None:
    page = ada.text("/console/forms/signup")
    words = " ".join(words_of(page))
    assert "Your name" in words
    assert "it has no effect: boolean has no length" in words
    assert "https://hooks.example.org/•••" in words
    assert "hooks.example.org/hidden" not in page
    assert "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" not in page
    assert "1 to look at" in " ".join(words_of(ada.text("/console/forms")))


def test_errors_in_the_file_are_shown_and_what_counts_meanwhile(
    console: ConsoleApp, ada: Reader, tmp_path: Path
) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(f"{DEFINITIONS}titel = 3\n")
    words = " ".join(words_of(ada.text("/console/forms")))
    assert "forms.toml has errors" in words
    assert "forms.guarded.titel" in words
    assert "Your name" in " ".join(words_of(ada.text("/console/forms/signup")))
    bob = reader(console, Grant("viewer", "signup"), email="bob@example.org")
    told = bob.text("/console/forms")
    assert "forms.toml has errors" in told
    assert "forms.guarded" not in told


def test_whoever_was_given_a_form_that_is_nowhere_is_told_what_to_do(console: ConsoleApp) -> None:
    bob = reader(console, Grant("viewer", "gone"), email="bob@example.org")
    assert "No form of yours" in bob.text("/console/forms")


def test_a_test_goes_to_the_gateway_and_is_told_apart(console: ConsoleApp, ada: Reader) -> None:
    gateway = console.parts.trying
    assert isinstance(gateway, Gateway)
    answer = ada.post("/console/forms/signup/test")
    assert gateway.asked == [("signup", "ada@example.org")], "its confirmation goes to who asks"
    assert answer.status_code == 303
    key = UUID(answer.location.partition("test=")[2].partition("#")[0])
    record = console.parts.records.one(key, None)
    assert record is not None
    assert record.labels == (LABEL,) or list(record.labels) == [LABEL]
    page = ada.text(answer.location)
    assert "taken and stored" in page
    assert f"/console/submissions/{key}" in page
    noted = [(one.action, one.on) for one in console.parts.audit.page(10)]
    assert ("form.test", "signup") in noted


def test_a_test_that_is_not_stored_yet_is_said_to_be_on_its_way(ada: Reader) -> None:
    assert "it is not stored yet" in ada.text(f"/console/forms/signup?test={uuid4()}")
    assert ada.get("/console/forms/signup?test=nothing").status_code == 404


def test_what_the_gateway_refuses_is_told(console: ConsoleApp, ada: Reader) -> None:
    gateway = console.parts.trying
    assert isinstance(gateway, Gateway)
    gateway.status = 422
    answer = ada.post("/console/forms/signup/test")
    assert "Your name is too short." in ada.text(answer.location)
    gateway.is_away = True
    answer = ada.post("/console/forms/signup/test")
    assert "No gateway answers at http://gateway:8080" in ada.text(answer.location)


def test_who_only_reads_sends_no_test(console: ConsoleApp) -> None:
    bob = reader(console, Grant("viewer"), email="bob@example.org")
    assert "Who may work on its submissions can send a test" in bob.text("/console/forms/signup")
    assert bob.post("/console/forms/signup/test").status_code == 403


def test_where_no_program_can_submit_it_says_why(ada: Reader) -> None:
    assert "The form is switched off" in ada.text("/console/forms/closed")
    assert "asks for a captcha" in ada.text("/console/forms/guarded")


def test_without_a_gateways_address_it_says_how_by_a_terminal(engine: Engine, tmp_path: Path) -> None:
    nobody = reader(a_console(engine, tmp_path, definitions=DEFINITIONS, trying=Trying(None)))
    page = nobody.text("/console/forms/signup")
    assert "Send one from a terminal" in page
    answer = nobody.post("/console/forms/signup/test")
    assert "COUNTERFOIL_GATEWAY_URL" in nobody.text(answer.location)


def test_a_test_waits_for_being_stored_and_not_for_ever(console: ConsoleApp, engine: Engine, ada: Reader) -> None:
    event = an_event()
    gateway = console.parts.trying
    gateway.submit = lambda *_: Tried(event.id, 202)  # type: ignore[method-assign]
    with later(lambda: store(engine, event)):
        ada.post("/console/forms/signup/test")
    record = console.parts.records.one(event.id, None)
    assert record is not None
    assert list(record.labels) == [LABEL]
    assert testing.STORED_WITHIN_S < 5


@contextmanager
def later(do: Any) -> Iterator[None]:
    thread = Thread(target=do)
    thread.start()
    yield
    thread.join()
