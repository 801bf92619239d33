"""The pages that erase: each asks first, says what goes and what stays, and works without JavaScript."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.contracts import SubmissionAccepted
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES
from shared.parked import naming
from shared.parked.naming import Naming
from storage_service.accounts.asker import Asker
from storage_service.accounts.roles import Grant
from storage_service.tables import PARKED
from storage_service.work import Change
from support.console_app import ConsoleApp, a_console
from support.console_pages import OWNER, Reader, reader
from support.erasures import park
from support.events import an_event
from support.search_rows import indexed
from support.submission_databases import migrated, store

HER = "eve@example.com"
BOB = Asker("bob", frozenset({"write"}))
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    with migrated(sqlite_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    made = a_console(engine, tmp_path)
    serve(made, engine)
    return made


def serve(console: ConsoleApp, engine: Engine, *suppressed: dict[str, Any]) -> None:
    """Answer for both services; notify has mailed nobody, and suppresses these."""
    parked = Naming(engine, PARKED)
    methods, erasing = naming.methods(parked), naming.erasing_methods(parked)
    told: dict[str, Any] = {
        "deliveries_of_recipient": lambda _: {"submissions": [], "next": None},
        "suppressions.find": lambda _: {"suppressions": list(suppressed)},
    }
    console.broker.serve(STORAGE_QUERIES, methods, erasing)
    console.broker.serve(NOTIFY_QUERIES, {**methods, **told}, erasing)


@pytest.fixture
def owner(console: ConsoleApp) -> Reader:
    return reader(console, OWNER)


@pytest.fixture
def event(engine: Engine) -> SubmissionAccepted:
    made = an_event(email=HER, name=f"Eve {HOSTILE}")
    store(engine, made)
    return made


def is_there(console: ConsoleApp, event: SubmissionAccepted) -> bool:
    return console.parts.records.one(event.id, None) is not None


def hidden(page: str) -> dict[str, str]:
    """Return what the last form of a page sends."""
    form = page.rpartition("<form")[2]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: value for name, value in fields if name != "csrf_token"}


def test_a_submission_is_erased_after_a_question(console: ConsoleApp, owner: Reader, event: SubmissionAccepted) -> None:
    console.parts.work.note(event.id, "She called.", BOB)
    place = f"/console/submissions/{event.id}"
    assert f'href="{place}/erase"' in owner.text(place)
    page = owner.text(f"{place}/erase")
    for words in ("What goes, for ever", "1 note", "What stays", "backups", "It cannot be undone"):
        assert words in page
    assert "<script>alert" not in page
    assert is_there(console, event)
    answer = owner.post(f"{place}/erase", hidden(page))
    assert (answer.status_code, answer.location) == (303, "/console/inbox")
    assert "Erased: it is in no list" in owner.text("/console/inbox")
    assert not is_there(console, event)
    assert owner.get(place).status_code == owner.get(f"{place}/erase").status_code == 404


def test_whoever_worked_on_it_meanwhile_is_seen_first(
    console: ConsoleApp, owner: Reader, event: SubmissionAccepted
) -> None:
    place = f"/console/submissions/{event.id}/erase"
    asked = hidden(owner.text(place))
    console.parts.work.change(event.id, Change(add_labels=("keep",)), BOB)
    answer = owner.post(place, asked)
    assert answer.status_code == 409
    assert "You wanted to erase it" in answer.text
    assert is_there(console, event)
    assert owner.post(place, {"version": "2"}).status_code == 303
    assert not is_there(console, event)


@pytest.mark.parametrize("grant", [Grant("editor"), Grant("viewer"), Grant("editor", "signup")], ids=str)
def test_only_owners_are_offered_it_and_only_they_may(
    console: ConsoleApp, event: SubmissionAccepted, grant: Grant
) -> None:
    other = reader(console, grant)
    assert "/erase" not in other.text(f"/console/submissions/{event.id}")
    assert 'value="erase"' not in other.text("/console/inbox")
    assert "/console/person" not in other.text("/console/inbox")
    fields = {"do": "erase", "ids": str(event.id), "confirm": "1"}
    assert other.post("/console/inbox/bulk", fields).status_code == 403
    assert is_there(console, event)


def test_an_owner_of_one_form_erases_nothing_of_another(console: ConsoleApp, event: SubmissionAccepted) -> None:
    other = reader(console, Grant("owner", "contact"), Grant("editor"))
    assert "/erase" not in other.text(f"/console/submissions/{event.id}")
    fields = {"do": "erase", "ids": str(event.id), "confirm": "1"}
    assert other.post("/console/inbox/bulk", fields).status_code in (303, 422)
    assert other.get(f"/console/submissions/{event.id}/erase").status_code == 404
    assert is_there(console, event)


def test_those_that_are_ticked_are_asked_about_first(console: ConsoleApp, owner: Reader, engine: Engine) -> None:
    events = [an_event() for _ in range(3)]
    store(engine, *events)
    assert 'value="erase"' in owner.text("/console/inbox")
    ticked = [str(one.id) for one in events[:2]]
    page = owner.post("/console/inbox/bulk", {"do": "erase", "ids": ticked}).text
    assert "Erase 2 submissions?" in page
    assert "What stays" in page
    assert "that you have ticked" in page
    assert all(is_there(console, one) for one in events)
    answer = owner.post("/console/inbox/bulk", {**hidden(page), "ids": ticked, "do": "erase"})
    assert answer.status_code == 303
    assert [is_there(console, one) for one in events] == [False, False, True]
    inbox = owner.text("/console/inbox")
    assert "2 submissions erased." in inbox
    assert ">Undo<" not in inbox


def test_all_that_match_are_asked_about_whatever_the_page_has_said(
    console: ConsoleApp, owner: Reader, engine: Engine
) -> None:
    store(engine, *(an_event() for _ in range(3)))
    fields = {"do": "erase", "all": "yes", "said": "3", "next": "/console/inbox?q=form:signup"}
    page = owner.post("/console/inbox/bulk", fields).text
    assert "Erase 3 submissions?" in page
    assert '<code dir="auto">form:signup</code>' in page
    done = owner.post("/console/inbox/bulk", {**hidden(page), "do": "erase"})
    assert done.status_code == 303
    assert console.parts.records.count(None, None).n == 0
    jobs = owner.text("/console/jobs")
    assert ">Erase</a>" in jobs
    job = re.search(r"/console/jobs/[0-9a-f-]{36}", jobs)
    assert job
    shown = owner.text(job[0])
    assert "<dt>Erased</dt><dd>3</dd>" in shown
    assert "/undo" not in shown


def test_a_person_is_found_copied_and_erased(console: ConsoleApp, owner: Reader, engine: Engine) -> None:
    events = [an_event(email=HER), an_event(text=f"<b>Eve+x@example.com</b> {HOSTILE}"), an_event()]
    store(engine, *events)
    park(engine, an_event(email=HER))
    indexed(engine)
    assert 'href="/console/person"' in owner.text("/console/inbox")
    page = owner.post("/console/person", {"email": f"{HER}, nobody@example.com"}).text
    assert "<bdi>eve@example.com</bdi>, <bdi>nobody@example.com</bdi>" in page
    assert "<bdi>Eve+x@example.com</bdi>" in page
    rows = re.findall(r'<th scope="row">([^<]+)</th><td class="number">([^<]+)</td>', page)
    assert ("Submissions", "2") in rows
    assert ("Parked messages, at storage", "1") in rows
    assert "<script>alert" not in page

    copy = owner.post("/console/person/export", {"email": HER})
    assert copy.headers["Content-Disposition"].startswith('attachment; filename="person-')
    assert zipfile.ZipFile(io.BytesIO(copy.get_data())).namelist() == ["person.json", "person.html"]

    question = owner.post("/console/person/erase", {"email": HER}).text
    assert "Erase all that is kept of this person?" in question
    assert is_there(console, events[0])
    store(engine, an_event(email=HER))
    indexed(engine)
    more = owner.post("/console/person/erase", {**hidden(question)})
    assert (more.status_code, "There is more by now" in more.text) == (409, True)
    done = owner.post("/console/person/erase", hidden(more.text))
    assert (done.status_code, done.location) == (303, "/console/person")
    assert "4 submissions of this person are erased" in owner.text("/console/person")
    assert [is_there(console, one) for one in events] == [False, False, True]
    assert "Nothing was found" in owner.post("/console/person", {"email": HER}).text


def test_an_address_that_is_sent_no_mail_is_named_and_stays(
    console: ConsoleApp, owner: Reader, engine: Engine, event: SubmissionAccepted
) -> None:
    one = {"address": "e…@example.com", "form": None, "stops": "all", "reason": "complained", "said": HOSTILE}
    told = {**one, "id": "x.all", "at": "2026-11-30T12:00:00Z", "by": None}
    serve(console, engine, told)
    for path in ("", "/erase"):
        page = owner.post(f"/console/person{path}", {"email": HER}).text
        assert "e…@example.com is sent no mail since 2026-11-30: mail to it was called spam" in page
        assert "left there by erasing" in page
        assert "<script>alert" not in page
    copy = owner.post("/console/person/export", {"email": HER})
    with zipfile.ZipFile(io.BytesIO(copy.get_data())) as archive:
        assert "mail to it was called spam" in archive.read("person.html").decode()
        assert json.loads(archive.read("person.json"))["suppressed"] == [{**one, "at": told["at"]}]


@pytest.mark.parametrize("typed", ["", "nonsense", f"{HER}\n{HOSTILE}", ",".join(f"a{n}@x.org" for n in range(21))])
def test_what_is_no_address_is_shown_with_what_is_wrong(owner: Reader, typed: str) -> None:
    for path in ("", "/export", "/erase"):
        answer = owner.post(f"/console/person{path}", {"email": typed, "confirm": "1"})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert "<script>alert" not in answer.text


def test_while_a_service_is_away_the_page_says_that_this_is_not_all(engine: Engine, tmp_path: Path) -> None:
    alone = a_console(engine, tmp_path)
    event = an_event(email=HER)
    store(engine, event)
    owner = reader(alone, OWNER)
    page = owner.post("/console/person", {"email": HER}).text
    assert "This is not all." in page
    assert "The notify service does not answer just now." in page
    assert owner.post("/console/person/export", {"email": HER}).status_code == 503
    assert owner.post("/console/person/erase", {"email": HER, "confirm": "9"}).status_code == 503
    assert "Ask again" in page
    assert "/console/person/erase" not in page
    assert "Erase it</button>" not in owner.post("/console/person/erase", {"email": HER}).text
    assert is_there(alone, event)
