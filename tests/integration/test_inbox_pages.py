"""The inbox without scripts: what it lists, finds, says and does, on both databases."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event

from shared.contracts import SubmissionAccepted, SubmissionsStored
from shared.database import iso
from storage_service.accounts.roles import Grant
from storage_service.console.pages.frame import going
from storage_service.console.pages.inbox.listing import ROWS
from storage_service.records import Arrivals, Records
from support.console_app import ConsoleApp, a_console
from support.console_pages import BY, Reader, reader
from support.events import ACCEPTED_AT, an_event
from support.resending import a_state, outgoing, tell
from support.search_rows import indexed, scored
from support.submission_databases import NOW, migrated, store, stored
from support.working import record_of

INBOX = "/console/inbox"
BULK = f"{INBOX}/bulk"
HOSTILE = "<script>alert(1)</script>"
PAGE_BYTES_MOST = 60_000
"""Of a full page, before it is packed: beside it a browser takes 30 kB of scripts and styles, once."""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path)


@pytest.fixture
def ada(console: ConsoleApp) -> Reader:
    return reader(console)


def some(n: int) -> list[SubmissionAccepted]:
    """Return submissions a second apart, the last of them the newest."""
    return [
        replace(an_event(name=f"Person {i}", message=f"Words of {i}"), accepted_at=ACCEPTED_AT + timedelta(seconds=i))
        for i in range(n)
    ]


def listed(page: str) -> list[str]:
    """Return the names in the list."""
    return [html.unescape(one) for one in re.findall(r'<bdi class="who">([^<]*)</bdi>', page)]


def at(text: str, **others: str) -> str:
    return f"{INBOX}?{urlencode({'q': text, **others})}"


def links(page: str, words: str) -> list[str]:
    """Return where the links of these words lead."""
    return [html.unescape(one) for one in re.findall(rf'<a [^>]*?href="([^"]+)"[^>]*>{words}</a>', page)]


def notices(page: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'<div class="notice \w+">\s*<p>([^<]*)</p>', page)]


def undo(ada: Reader, page: str) -> str:
    """Press the button that takes back what was just told, and return the page after it."""
    found = re.search(r'class="notice.*?action="([^"]+)">(.*?)</form>', page, re.DOTALL)
    assert found, page[:3000]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', found[2]))
    fields = {name: html.unescape(value) for name, value in fields.items() if name != "csrf_token"}
    return after(ada, html.unescape(found[1]), fields)


def after(ada: Reader, path: str, fields: Mapping[str, Any]) -> str:
    """Send a form and return the page that it leads to."""
    answer = ada.post(path, fields)
    assert answer.status_code == 303, answer.text[:2000]
    return ada.text(answer.location)


def test_it_lists_what_is_new_the_newest_first_a_page_at_a_time(ada: Reader, engine: Engine) -> None:
    events = some(ROWS + 5)
    store(engine, *events)
    first = ada.text(INBOX)
    assert listed(first)[:2] == [f"Person {ROWS + 4}", f"Person {ROWS + 3}"]
    assert f"{ROWS + 5} submissions" in first
    assert f"Words of {ROWS + 4}" in first
    (older,) = links(first, "Older")
    second = ada.text(older)
    assert listed(second) == [f"Person {n}" for n in (4, 3, 2, 1, 0)]
    (newer,) = links(second, "Newer")
    assert listed(ada.text(newer)) == listed(first)
    assert len(first.encode()) < PAGE_BYTES_MOST


def test_a_row_leads_to_its_submission_and_from_there_back_to_the_same_page(ada: Reader, engine: Engine) -> None:
    store(engine, *some(ROWS + 5))
    (older,) = links(ada.text(INBOX), "Older")
    second = ada.text(older)
    found = re.search(r'href="(/console/submissions/[^"]+)"', second)
    assert found
    (back,) = links(ada.text(html.unescape(found[1])), "Back to the list")
    assert listed(ada.text(back)) == listed(second)


def test_a_new_installation_says_where_to_send_something(ada: Reader) -> None:
    page = ada.text(INBOX)
    assert "Nothing has come in yet" in page
    assert "http://localhost/f/signup" in page
    assert "curl -d" in html.unescape(page)
    assert "/f/closed" not in page


def test_a_list_that_is_empty_says_what_helps(ada: Reader, engine: Engine) -> None:
    store(engine, an_event(name="Ada"))
    indexed(engine)
    page = ada.text(at("ada label:urgent -is:spam"))
    assert "Nothing found" in page
    assert at("ada -is:spam") in [html.unescape(one) for one in re.findall(r'href="([^"]+)"', page)]
    after(ada, BULK, {"one": f"done:{next(iter(_ids(engine)))}"})
    assert "Nothing new" in ada.text(INBOX)


def test_a_search_finds_words_and_all_of_its_state_is_in_its_address(ada: Reader, engine: Engine) -> None:
    store(engine, an_event(name="Ada", message="a zebra"), an_event(name="Bob", message="a horse"))
    indexed(engine)
    page = ada.text(at("zebra"))
    assert listed(page) == ["Ada"]
    assert 'value="zebra"' in page
    assert re.search(r'href="/console/submissions/[0-9a-f-]+\?q=zebra"', page)


def test_a_mistake_is_shown_at_its_place_and_the_text_stays(ada: Reader, engine: Engine) -> None:
    store(engine, an_event())
    answer = ada.get(at("form:contact is:nwe <b>"))
    assert answer.status_code == 400
    assert "is:<mark>nwe</mark> &lt;b&gt;" in answer.text
    assert "At character 17: Expected one of new, open" in answer.text
    assert 'value="form:contact is:nwe &lt;b&gt;"' in answer.text
    assert listed(answer.text) == []
    assert ada.get(at("x " * 5000)).status_code == 400


def test_what_is_ticked_is_done_and_undone(ada: Reader, engine: Engine) -> None:
    events = some(4)
    store(engine, *events)
    ids = [str(one.id) for one in events[:2]]
    page = after(ada, BULK, {"ids": ids, "do": "done", "next": INBOX})
    assert listed(page) == ["Person 3", "Person 2"]
    assert notices(page) == ["2 submissions done."]
    assert {record_of(engine, one.id).state for one in events[:2]} == {"done"}
    page = undo(ada, page)
    assert listed(page) == ["Person 3", "Person 2", "Person 1", "Person 0"]
    assert notices(page) == ["Undone: 2 are as before."]


def test_one_is_starred_marked_as_done_and_each_is_taken_back(ada: Reader, engine: Engine) -> None:
    one = an_event()
    store(engine, one)
    page = after(ada, BULK, {"one": f"star:{one.id}", "next": INBOX})
    assert record_of(engine, one.id).starred
    assert 'aria-pressed="true"' in page
    undo(ada, page)
    assert not record_of(engine, one.id).starred
    after(ada, BULK, {"one": f"open:{one.id}", "next": INBOX})
    page = after(ada, BULK, {"one": f"done:{one.id}", "next": at("is:open")})
    assert "Nothing found" in page
    assert listed(undo(ada, page)) == ["Ada Lovelace"]
    assert record_of(engine, one.id).state == "open"


def test_all_that_match_are_done_once_the_page_has_said_how_many(ada: Reader, engine: Engine) -> None:
    events = some(ROWS + 5)
    store(engine, *events)
    page = ada.text(INBOX)
    sent = {"all": "yes", "do": "spam", "next": INBOX, "moment": _hidden(page, "moment"), "said": _hidden(page, "said")}
    assert sent["said"] == str(ROWS + 5)
    page = after(ada, BULK, sent)
    assert notices(page) == [f"{ROWS + 5} submissions marked as spam: nothing more of it is sent."]
    assert listed(page) == []
    assert len(listed(undo(ada, page))) == ROWS


@pytest.mark.parametrize("words", ["слово " * 157, "\U0001d49c" * 990], ids=["cyrillic", "letters"])
def test_all_that_match_a_long_query_are_its_own(ada: Reader, engine: Engine, words: str) -> None:
    """In an address each of its characters is six or twelve."""
    one = an_event()
    store(engine, one)
    here = at(f'"{words}"')
    answer = ada.post(BULK, {"all": "yes", "do": "done", "next": here, "said": "1"})
    assert (answer.status_code, answer.location) == (303, here), answer.text
    assert record_of(engine, one.id).state == "new"


@pytest.mark.parametrize(
    "address", ["", "/console/forms", "https://example.org/console/inbox", at("x" * going.BACK_MOST)], ids=len
)
def test_nothing_is_done_to_all_of_a_list_that_is_not_known(ada: Reader, engine: Engine, address: str) -> None:
    one = an_event()
    store(engine, one)
    answer = ada.post(BULK, {"all": "yes", "do": "done", "next": address, "said": "1"})
    assert answer.status_code == 400
    assert "nothing was done" in answer.text
    assert record_of(engine, one.id).state == "new"


def test_what_was_done_from_a_long_address_can_be_undone(ada: Reader, engine: Engine) -> None:
    one = an_event()
    store(engine, one)
    here = at("is:new OR " + " OR ".join(["é" * 30] * 10))
    answer = ada.post(BULK, {"ids": [str(one.id)], "do": "done", "next": here})
    assert record_of(engine, one.id).state == "done"
    assert answer.location == here
    undo(ada, ada.text(here))
    assert record_of(engine, one.id).state == "new"


def test_more_than_the_page_has_said_are_asked_for_first(ada: Reader, engine: Engine) -> None:
    events = some(ROWS + 1)
    store(engine, *events)
    sent = {"all": "yes", "do": "label", "label": "urgent", "next": INBOX, "said": "3"}
    answer = ada.post(BULK, sent)
    assert answer.status_code == 200
    assert f"Put the label on {ROWS + 1} submissions?" in answer.text
    part = ada.post(BULK, sent, headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<section id="listing"')
    assert _hidden(part, "confirm") == str(ROWS + 1)
    assert record_of(engine, events[0].id).labels == ()
    fields = {name: _hidden(answer.text, name) for name in ("next", "moment", "all", "confirm", "key", "label")}
    page = after(ada, BULK, {**fields, "do": "label"})
    assert notices(page) == [f"{ROWS + 1} submissions labelled."]
    assert record_of(engine, events[0].id).labels == ("urgent",)


def test_to_send_again_is_asked_for_first_where_all_that_match_are_meant(ada: Reader, engine: Engine) -> None:
    one = an_event()
    store(engine, one)
    tell(engine, a_state(one))
    answer = ada.post(BULK, {"all": "yes", "do": "resend", "next": at("is:failed"), "said": "1"})
    assert "What is sent cannot be taken back." in answer.text
    assert outgoing(engine) == []
    page = after(ada, BULK, {"ids": [str(one.id)], "do": "resend", "next": at("is:failed")})
    assert notices(page) == ["What failed or is held of 1 submission is sent again."]
    assert "Undo" not in page
    assert len(outgoing(engine)) == 1


def test_a_job_that_is_too_large_for_a_request_goes_on_at_its_page(ada: Reader, engine: Engine) -> None:
    store(engine, *some(320))
    page = ada.text(INBOX)
    sent = {"all": "yes", "do": "done", "next": INBOX, "moment": _hidden(page, "moment"), "said": "320"}
    answer = ada.post(BULK, sent)
    assert answer.location.startswith("/console/jobs/")
    job = ada.text(answer.location)
    assert "0 of 320 looked at" in job
    assert 'hx-trigger="every 1s"' in job
    assert "Mark as done" in ada.text("/console/jobs")
    stopped = after(ada, f"{answer.location}/stop", {})
    assert "stopped" in stopped


NOBODYS = "2f1c9d00-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"do": "done"}, "Tick the submissions first"),
        ({"do": "label", "label": "", "ids": [NOBODYS]}, "Type the label first"),
        ({"do": "label", "label": 'a "b"', "ids": [NOBODYS]}, "Label: expected labels without quotes"),
        ({"do": "assign", "assignee": "nobody", "ids": [NOBODYS]}, "Assign to: expected a mail address"),
        ({"do": "done", "ids": ["x"]}, "There is no such submission"),
        ({"do": "shred", "ids": [NOBODYS]}, "There is no such button"),
        ({"one": "erase:x"}, "There is no such button"),
        ({"one": f"done:{NOBODYS}"}, "There is no such submission any more"),
        ({"do": "done", "all": "yes", "next": at("is:nwe")}, "At character 4"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_and_what_was_ticked_and_typed_stays(
    ada: Reader, engine: Engine, fields: dict[str, Any], reason: str
) -> None:
    one = an_event()
    store(engine, one)
    ticked = [*fields.get("ids", ()), str(one.id)] if "ids" in fields else []
    answer = ada.post(BULK, {"next": INBOX, **fields, **({"ids": ticked} if ticked else {})})
    assert answer.status_code in (400, 422)
    assert reason in html.unescape(answer.text)
    if ticked and "label" in fields:
        assert re.search(rf'name="ids" value="{one.id}"[^>]* checked', answer.text)
        assert f'value="{html.escape(str(fields["label"]))}"'.replace("&quot;", "&#34;") in answer.text
    small = ada.post(BULK, {"next": INBOX, **fields}, headers={"HX-Request": "true"})
    assert small.status_code in (400, 422)
    assert "<!doctype" not in small.text


def test_htmx_gets_the_list_alone_with_what_there_is_to_tell(ada: Reader, engine: Engine) -> None:
    one = an_event()
    store(engine, one)
    answer = ada.post(BULK, {"one": f"star:{one.id}", "next": INBOX})
    part = ada.get(answer.location, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<section id="listing"')
    assert 'id="notices"' in part.text
    assert "<!doctype" not in part.text


def test_whoever_reads_sees_no_button_and_changes_nothing(console: ConsoleApp, engine: Engine) -> None:
    one = an_event()
    store(engine, one)
    viewer = reader(console, Grant("viewer"))
    page = viewer.text(INBOX)
    assert listed(page) == ["Ada Lovelace"]
    assert 'name="ids"' not in page
    assert "Export" not in page
    assert viewer.post(BULK, {"one": f"done:{one.id}"}).status_code == 403
    assert record_of(engine, one.id).state == "new"


def test_whoever_edits_one_form_and_reads_another_works_on_the_one_alone(console: ConsoleApp, engine: Engine) -> None:
    own, other = an_event(name="Own"), an_event(form="contact", name="Other")
    hidden = an_event(form="closed", name="Hidden")
    store(engine, own, other, hidden)
    who = reader(console, Grant("editor", "signup"), Grant("viewer", "contact"))
    page = who.text(INBOX)
    assert sorted(listed(page)) == ["Other", "Own"]
    assert re.findall(r'name="ids" value="([^"]+)"', page) == [str(own.id)]
    after(who, BULK, {"ids": [str(own.id), str(other.id), str(hidden.id)], "do": "done", "next": INBOX})
    assert [record_of(engine, one.id).state for one in (own, other, hidden)] == ["done", "new", "new"]
    sent = {"all": "yes", "do": "star", "next": at(""), "said": "1"}
    after(who, BULK, sent)
    assert [record_of(engine, one.id).starred for one in (own, other, hidden)] == [True, False, False]


def test_a_view_is_saved_shown_changed_and_removed(ada: Reader, engine: Engine) -> None:
    store(engine, an_event(name="Ada"), an_event(form="contact", name="Bob"))
    page = after(ada, "/console/views", {"name": "Mine <b>", "q": "form:contact"})
    assert listed(page) == ["Bob"]
    assert '<h1 dir="auto">Mine &lt;b&gt;</h1>' in page
    (address,) = links(page, "Mine &lt;b&gt;")
    page = after(ada, f"/console/views/{address.partition('=')[2]}", {"name": "Theirs", "q": "form:signup"})
    assert listed(page) == ["Ada"]
    page = after(ada, f"/console/views/{address.partition('=')[2]}/remove", {})
    assert links(page, "Theirs") == []
    page = undo(ada, page)
    assert links(page, "Theirs") != []


def test_a_view_that_is_wrong_is_said(ada: Reader) -> None:
    page = after(ada, "/console/views", {"name": "", "q": "is:open"})
    assert notices(page) == ["The view's name is wrong: expected 1 to 64 characters."]
    assert 'value="is:open"' in page
    after(ada, "/console/views", {"name": "x", "q": "is:open"})
    page = after(ada, "/console/views", {"name": "x", "q": "is:done"})
    assert notices(page) == ["You have another view of this name: take another one."]
    assert ada.get(f"{INBOX}?view={uuid4()}").status_code == 404
    assert ada.get(f"{INBOX}?view=x").status_code == 404


def test_views_of_others_are_not_there_unless_they_are_shared(console: ConsoleApp, ada: Reader) -> None:
    after(ada, "/console/views", {"name": "Private", "q": "is:open"})
    after(ada, "/console/views", {"name": "Shared", "q": "is:done", "shared": "yes"})
    bob = reader(console, Grant("viewer"), email="bob@example.org")
    page = bob.text(INBOX)
    assert (links(page, "Private"), len(links(page, "Shared"))) == ([], 1)
    shared = links(page, "Shared")[0].partition("=")[2]
    assert bob.post(f"/console/views/{shared}/remove", {}).status_code == 404
    bob.post("/console/views", {"name": "Theirs", "q": "is:new", "shared": "yes"})
    assert links(ada.text(INBOX), "Theirs") == [], "whoever only reads shares nothing"


def test_hostile_fields_are_harmless(ada: Reader, engine: Engine) -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\u202e\u2066'
    store(engine, _hostile(hostile))
    store(engine, replace(an_event(form="gone", name="Of a form that is gone"), spam="honeypot"))
    page = ada.text(at(""))
    assert "<script>alert" not in page
    assert "<img" not in page.replace('<img src="/console', "")
    assert "49" not in listed(page)[0]
    assert "Of a form that is gone" in page
    for text in (hostile, f'label:"{hostile}"', "\u202e", "'" * 100):
        assert "<script>alert" not in ada.get(at(text)).text


def a_flood(n: int) -> list[SubmissionAccepted]:
    """Return copies of an offer, each of another sender, that a model held back; and a letter between them."""
    text = f"{HOSTILE} Buy our wonderful watches today, half price!"
    events = [
        replace(scored(an_event(form="contact", name=f"Robot {i}", message=text), 97), spam="score") for i in range(n)
    ]
    events.insert(1, replace(scored(an_event(form="contact", name="Ada", message="Short one"), 61), spam="score"))
    return [replace(one, accepted_at=ACCEPTED_AT + timedelta(seconds=i)) for i, one in enumerate(events)]


def test_forty_copies_are_one_line_that_opens_and_a_tick_on_it_means_them_all(ada: Reader, engine: Engine) -> None:
    flood = a_flood(40)
    store(engine, *flood)
    page = ada.text(at("is:spam"))
    assert "41 submissions" in page
    assert "40 with the same text" in page
    assert listed(page)[:2] == ["Robot 39", "Robot 39"], "the line, and the first of what it holds"
    assert page.count('<li class="group">') == 1
    assert HOSTILE not in page
    assert 'title="Looks like spam: 97 of 100"' in page
    assert "Looks like spam: 61 of 100" in page
    (ids,) = re.findall(r'name="ids" value="([^"]*,[^"]*)"', page)
    assert len(ids.split(",")) == 40
    page = after(ada, BULK, {"ids": [ids, ids.split(",")[0]], "do": "not-spam", "next": at("is:spam")})
    assert notices(page) == ["40 submissions marked as no spam: what was held back is sent."]
    assert listed(page) == ["Ada"]
    assert "41 submissions" in undo(ada, page)
    assert ada.text(at("robot*")).count('<li class="group">') == 0, "elsewhere many people may say the same"


def test_a_list_of_scores_shows_them_and_other_lists_what_looks_like_spam(ada: Reader, engine: Engine) -> None:
    events = [an_event(name=f"Person {n}") for n in (3, 79, 80, 0)]
    store(engine, *(scored(one, n) for one, n in zip(events, (3, 79, 80), strict=False)), events[3])
    said = re.compile(r"Looks like spam: (\d+) of 100")
    assert said.findall(ada.text(INBOX)) == ["80"]
    assert sorted(said.findall(ada.text(at("score:<80")))) == ["3", "79"]
    assert sorted(listed(ada.text(at("-score:<80")))) == ["Person 0", "Person 80"]


def test_more_copies_than_a_page_reads_go_on_on_the_next(ada: Reader, engine: Engine) -> None:
    store(engine, *a_flood(230))
    first = ada.text(at("is:spam"))
    assert "200 with the same text" in first
    (older,) = links(first, "Older")
    second = ada.text(older)
    assert "30 with the same text" in second
    (newer,) = links(second, "Newer")
    assert "200 with the same text" in ada.text(newer)


def test_how_far_the_index_is_behind_is_said(engine: Engine, tmp_path: Path) -> None:
    store(engine, an_event())
    slow = reader(a_console(engine, tmp_path, lag_s=lambda: 61.2))
    assert "61 seconds behind" in slow.text(INBOX)


def test_a_query_that_takes_too_long_is_said_on_the_page(engine: Engine, tmp_path: Path) -> None:
    store(engine, *some(3))
    ada = reader(a_console(engine, tmp_path, records=Records(engine, seconds_most=-1.0)))
    answer = ada.get(at("a b c"))
    assert answer.status_code in (200, 422)


def test_it_asks_the_database_few_things(ada: Reader, engine: Engine) -> None:
    store(engine, *some(ROWS + 5))
    ada.text(INBOX)
    asked = list[str]()

    def count(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE")):
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        ada.text(INBOX)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert len(asked) <= 8, "\n".join(asked)


def test_completions_are_those_that_the_reader_may_see(console: ConsoleApp, ada: Reader, engine: Engine) -> None:
    own, other = an_event(name="x"), an_event(form="contact", zebra="y")
    store(engine, own, other)
    after(ada, BULK, {"ids": [str(own.id)], "do": "label", "label": "own label"})
    after(ada, BULK, {"ids": [str(other.id)], "do": "label", "label": "secret"})
    viewer = reader(console, Grant("viewer", "signup"), email="bob@example.org")

    def texts(who: Reader, q: str) -> list[str]:
        answer = who.get(f"{INBOX}/complete?{urlencode({'q': q, 'at': len(q)})}")
        return [one["text"] for one in answer.get_json()["suggestions"]]

    assert texts(ada, "label:") == ['label:"own label"', "label:secret"]
    assert texts(viewer, "label:") == ['label:"own label"']
    assert texts(ada, "form:") == ["form:signup", "form:contact", "form:closed"]
    assert texts(viewer, "form:") == ["form:signup"]
    assert texts(ada, "field.z") == ["field.zebra:"]
    assert texts(viewer, "field.z") == []
    assert texts(ada, "form:signup field.") == ["field.name:", "field.email:"]
    assert texts(ada, "assigned:a") == ["assigned:ada@example.org"]
    assert ada.get(f"{INBOX}/complete?q=x&at=x").status_code == 400


def test_the_stream_says_what_came_since_the_page_and_matches(engine: Engine, tmp_path: Path) -> None:
    arrivals = Arrivals()
    console = a_console(engine, tmp_path, arrivals=arrivals, clock=lambda: NOW + timedelta(seconds=1))
    ada = reader(console)
    store(engine, an_event(name="There already"))
    page = ada.text(INBOX)
    found = re.search(r'data-stream="([^"]+)"', page)
    assert found
    sent = iter(ada.get(html.unescape(found[1])).iter_encoded())
    assert next(sent).startswith(b"retry:")
    assert next(sent) == b": still here\n\n", "what stands on the page is not new"
    store(engine, an_event(), an_event(), replace(an_event(), spam="honeypot"))
    arrivals.end()
    again = iter(ada.get(html.unescape(found[1])).iter_encoded())
    next(again)
    assert next(again) == b'event: arrived\ndata: {"n": 2, "said": "2"}\n\n'
    assert list(again) == []


@pytest.mark.parametrize("role", [None, Grant("viewer", "contact")])
def test_a_stream_tells_nothing_to_who_may_not_know_it_any_more(
    engine: Engine, tmp_path: Path, role: Grant | None
) -> None:
    """It goes on for ten minutes: whoever is signed out meanwhile, or loses a role, hears nothing from then on."""
    console = a_console(engine, tmp_path, arrivals=Arrivals(), clock=lambda: NOW + timedelta(seconds=1))
    bob = reader(console, Grant("viewer", "signup"), email="bob@example.org")
    assert bob.user
    sent = iter(bob.get(f"{INBOX}/events?since={iso(NOW - timedelta(minutes=1))}").iter_encoded())
    assert [next(sent)[:6], next(sent)] == [b"retry:", b": still here\n\n"]
    store(engine, an_event())
    if role is None:
        console.parts.accounts.sessions.end_all(bob.user.id, BY)
    else:
        console.parts.accounts.users.change_grants(bob.user.id, [role], BY)
    console.parts.arrivals.notice(SubmissionsStored((), NOW))
    assert b"arrived" not in b"".join(islice(sent, 1))


def test_a_view_is_exported_with_the_days_of_its_zone(ada: Reader, engine: Engine) -> None:
    store(engine, an_event())
    ada.client.set_cookie("counterfoil-zone", "Pacific/Kiritimati", path="/console")
    view = ada.post("/console/views", {"name": "Far", "q": "is:new"}).location
    ada.client.set_cookie("counterfoil-zone", "Europe/Berlin", path="/console")
    page = ada.text(view)
    (address,) = links(page, "Export")
    assert address == f"/console/export?{urlencode({'q': 'is:new', 'tz': 'Pacific/Kiritimati'})}"
    export = ada.text(address)
    assert '<option value="Pacific/Kiritimati" selected>' in export
    assert '<input type="hidden" name="tz" value="Pacific/Kiritimati">' in export
    assert ada.get("/console/export?tz=Nowhere").status_code == 400


@pytest.mark.parametrize("since", ["", "x", "2026"])
def test_a_stream_without_a_moment_is_refused(ada: Reader, since: str) -> None:
    assert ada.get(f"{INBOX}/events?since={since}").status_code == 400
    assert ada.get(f"{INBOX}/events?since={iso(NOW)}&seen=x").status_code == 400
    assert ada.get(f"{INBOX}/events?since={iso(NOW)}&q=is%3Anwe").status_code == 400


def test_the_export_page_counts_and_its_file_has_what_was_counted(ada: Reader, engine: Engine) -> None:
    store(engine, *some(3))
    page = ada.text("/console/export?q=is:new")
    assert "<strong>3</strong> submissions" in page
    answer = ada.get("/console/export/file?q=is:new&format=csv&labels=1&tz=Europe/Berlin")
    assert answer.status_code == 200
    assert answer.headers["X-Rows-Expected"] == "3"
    assert answer.text.count("\r\n") == 4
    assert ada.get("/console/export?q=is:nwe").status_code == 400
    assert "<html" in ada.get("/console/export/file?q=is:nwe").text
    assert "Nothing to export" in ada.text("/console/export?q=label:nothing")


def _hostile(text: str) -> SubmissionAccepted:
    values: dict[str, Any] = {"name": text, f"{text} field": text * 50}
    return an_event(**values)


def _ids(engine: Engine) -> set[UUID]:
    return set(stored(engine))


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])
