"""What waits until its address is confirmed, in the console: its marks, its lists, its proof, and what is not sent."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from shared.contracts import SubmissionAccepted
from shared.database import iso
from storage_service.erasing import Erasing
from storage_service.subjects.package.contents import Contents
from support.console_app import FORMS, ConsoleApp, a_console
from support.console_pages import Reader, reader
from support.erasures import ERASER
from support.events import an_event
from support.opt_ins import PRESSED_AT, Presses, a_press, in_outbox, waiting
from support.submission_databases import NOW, migrated, store

ASKS = 'title = "Sign up"\nconfirmation = {opt_in = true, unconfirmed_apart = true}\n'
APART = FORMS.replace('title = "Sign up"\n', ASKS)
INBOX = "/console/inbox"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path, definitions=APART, clock=lambda: NOW)


@pytest.fixture
def ada(console: ConsoleApp) -> Reader:
    return reader(console)


@pytest.fixture
def waits(engine: Engine) -> SubmissionAccepted:
    made = waiting(an_event(name="Grace Hopper", email="grace@example.org"))
    store(engine, made)
    return made


def shown(text: str) -> str:
    """Return the words of a page, without tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def listed(page: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'<bdi class="who">([^<]*)</bdi>', page)]


def test_its_page_says_that_it_waits_and_then_shows_the_proof(
    engine: Engine, ada: Reader, waits: SubmissionAccepted
) -> None:
    page = f"/console/submissions/{waits.id}"
    words = shown(ada.text(page))
    assert "It waits until grace@example.org presses the button in the confirmation mail." in words
    assert "Address not confirmed yet" in words
    Presses(engine).take(a_press(waits))
    words = shown(ada.text(page))
    assert "It waits until" not in words
    for expected in (
        "The visitor confirmed the address",
        "Network address 192.0.2.9",
        "Browser Firefox",
        "Mark of the mailbox",
    ):
        assert expected in words
    assert re.search(r"Address confirmed .* Proof Button pressed ", words)


def test_what_is_not_confirmed_is_not_sent_by_hand(engine: Engine, ada: Reader, waits: SubmissionAccepted) -> None:
    page = f"/console/submissions/{waits.id}"
    assert re.findall(r'<option value="([^"]*)"', ada.text(page).partition('id="channel"')[2]) == ["confirmation"]
    refused = ada.post(f"{page}/resend", {"version": "1", "channel": "owner"})
    assert refused.status_code == 409
    assert "It waits until its address is confirmed" in shown(refused.text)
    assert in_outbox(engine) == []
    assert ada.post(f"{page}/resend", {"version": "1", "channel": "confirmation"}).status_code == 303
    assert len(in_outbox(engine)) == 1


def test_whoever_erases_it_sees_first_that_it_was_confirmed(
    engine: Engine, ada: Reader, waits: SubmissionAccepted
) -> None:
    page = f"/console/submissions/{waits.id}/erase"
    Presses(engine).take(a_press(waits))
    asked = ada.post(page, {"version": "1"})
    assert asked.status_code == 409
    assert "The visitor confirmed the address" in shown(asked.text)
    assert ada.post(page, {"version": "2"}).status_code == 303


def test_the_lists_of_the_form_leave_it_out_and_one_view_has_it(
    engine: Engine, ada: Reader, waits: SubmissionAccepted
) -> None:
    store(engine, an_event(name="Ada Lovelace", email="ada@example.org"))
    page = ada.text(INBOX)
    assert "is:new -is:spam -is:unconfirmed" in page
    assert listed(page) == ["Ada Lovelace"]
    [view] = re.findall(r'href="([^"]+)"[^>]*>Unconfirmed</a>', page)
    found = ada.text(html.unescape(view))
    assert listed(found) == ["Grace Hopper"]
    assert '<span class="badge warn">unconfirmed</span>' in found
    [form] = re.findall(r'href="([^"]+)"[^>]*>Sign up</a>', page)
    assert listed(ada.text(html.unescape(form))) == ["Ada Lovelace"]
    assert listed(ada.text(f"{INBOX}?q=")) == ["Ada Lovelace", "Grace Hopper"], "whoever asks for all gets all"
    card = shown(ada.text("/console/forms"))
    assert "1 new 1 in all 1 unconfirmed" in card
    Presses(engine).take(a_press(waits))
    assert listed(ada.text(INBOX)) == ["Ada Lovelace", "Grace Hopper"]


def test_the_api_tells_how_far_it_is(engine: Engine, console: ConsoleApp, waits: SubmissionAccepted) -> None:
    plain = replace(an_event(), id=uuid4())
    store(engine, plain)
    one = console.json(f"/v1/submissions/{waits.id}")
    assert (one["opt_in"], one["opted_in_at"], one["opt_in_proof"], one["state"]) == ("waiting", None, None, "stored")
    other = console.json(f"/v1/submissions/{plain.id}")
    assert (other["opt_in"], other["opted_in_at"], other["opt_in_proof"]) == (None, None, None)
    path = f"/v1/submissions/{waits.id}/deliveries"
    assert console.refusal(path, method="POST", json={"channel": "owner"}) == (409, "UNCONFIRMED", None)
    [form] = [form for form in console.json("/v1/forms")["forms"] if form["name"] == "signup"]
    assert form["counts"] == {"new": 2, "all": 2, "spam": 0, "unconfirmed": 1, "exact": True}
    Presses(engine).take(a_press(waits))
    one = console.json(f"/v1/submissions/{waits.id}")
    assert (one["opt_in"], one["opted_in_at"], one["state"]) == ("confirmed", iso(PRESSED_AT), "confirmed")
    assert (one["opt_in_proof"]["ip"], one["opt_in_proof"]["at"]) == ("192.0.2.9", iso(PRESSED_AT))
    assert [step["changes"] for step in one["trail"]] == [{"opted_in": True}]
    assert {row["opt_in"] for row in console.json("/v1/submissions")["submissions"]} == {"confirmed", None}


def test_a_person_gets_the_proof_of_theirs(engine: Engine, console: ConsoleApp, waits: SubmissionAccepted) -> None:
    Presses(engine).take(a_press(waits))
    contents = Contents(engine, console.parts.forms)
    [(_, document)] = contents.documents([waits.id], ERASER, set())
    assert document["opt_in"] == "confirmed"
    assert document["opt_in_proof"]["ip"] == "192.0.2.9"
    Erasing(engine).erase([waits.id], ERASER)
    assert list(contents.documents([waits.id], ERASER, set())) == []
