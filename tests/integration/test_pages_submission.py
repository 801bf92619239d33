"""The page of one submission, on both databases: what it shows, and what its forms do."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, update
from werkzeug.test import TestResponse

from shared.contracts import Source, SubmissionAccepted, Verdict
from shared.messaging.topology import NOTIFY_QUERIES
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.roles import Grant
from storage_service.erasing import Erasing
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import submissions
from storage_service.work import Change, Work
from support.console_app import ConsoleApp, a_console
from support.console_pages import Reader, reader
from support.events import an_event
from support.resending import a_state, outgoing, tell
from support.search_rows import indexed
from support.submission_databases import NOW, migrated, store
from support.tags import Tags
from support.working import an_asker, record_of

BEA = an_asker(name="bea@example.org")
SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
TURNED = "\u202e\u2066\u0645\u0631\u062d\u0628\u0627\x1b[31m\x07"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    audit = Audit(engine)
    return a_console(engine, tmp_path, audit=audit, work=Work(engine, audit=audit))


@pytest.fixture
def event(engine: Engine) -> SubmissionAccepted:
    made = replace(an_event(name="Ada Lovelace", email="ada@example.org", text="Good day"), accepted_at=NOW)
    store(engine, made)
    return made


@pytest.fixture
def ada(console: ConsoleApp) -> Reader:
    return reader(console)


def at(event: SubmissionAccepted, rest: str = "") -> str:
    return f"/console/submissions/{event.id}{rest}"


def shown(text: str) -> str:
    """Return the words of a page, without tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def deliver(console: ConsoleApp, *told: dict[str, Any]) -> None:
    """Let notify tell of deliveries."""
    whole = [
        {
            **dict.fromkeys(("destination", "error", "reason", "limit", "next_attempt_at", "created_at", "changed_at")),
            "id": str(uuid4()),
            "attempts": 1,
            "tries": [],
            **one,
        }
        for one in told
    ]
    answer = {"confirmations": [], "webhooks": [], "parked": {}, "deliveries": whole}
    console.broker.serve(NOTIFY_QUERIES, {"deliveries": lambda _: answer})


def post(who: Reader, event: SubmissionAccepted, action: str, version: int = 1, **fields: Any) -> TestResponse:
    return who.post(at(event, f"/{action}"), {"version": str(version), **fields})


def done(answer: TestResponse) -> str:
    """Return where a post leads."""
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_it_shows_the_fields_and_what_happened(console: ConsoleApp, ada: Reader, event: SubmissionAccepted) -> None:
    tries = [{"number": 1, "at": "2026-11-22T17:04:00Z", "took_ms": 12, "outcome": "failed", "said": "550 no such box"}]
    deliver(
        console,
        {"channel": "email", "state": "sent", "destination": "a…@example.org"},
        {"channel": "owner", "state": "failed", "reason": "There is no such mailbox.", "tries": tries},
    )
    console.parts.work.note(event.id, "Called her.\nNobody there.", BEA)
    console.parts.work.change(event.id, Change(state="open", add_labels=("urgent",)), BEA)
    words = shown(ada.text(at(event)))
    assert "Ada Lovelace · Sign up" in words
    for expected in (
        "Your name Ada Lovelace",
        "Email ada@example.org",
        "Accepted",
        "Stored",
        "Confirmation to a…@example.org sent",
        "Mail to the owner failed",
        "There is no such mailbox.",
        "550 no such box",
        "bea@example.org wrote a note",
        "Nobody there.",
        "bea@example.org took it in hand, put on the label urgent",
        "all that failed or is held (1)",
    ):
        assert expected in words, expected
    assert words.index("Accepted") < words.index("Stored")
    assert words.index("Your name Ada") < words.index("Email ada@") < words.index("Text Good day")


def test_a_delivery_stands_where_it_was_sent_not_where_it_was_made(
    console: ConsoleApp, ada: Reader, event: SubmissionAccepted
) -> None:
    made, sent = (NOW - timedelta(seconds=1)).isoformat(), (NOW + timedelta(hours=1)).isoformat()
    deliver(console, {"channel": "email", "state": "sent", "created_at": made, "changed_at": sent})
    words = shown(ada.text(at(event)))
    assert words.index("Stored") < words.index("Confirmation")


def test_who_opened_it_and_when_is_from_the_audit(console: ConsoleApp, ada: Reader, event: SubmissionAccepted) -> None:
    assert "Opened by" not in shown(ada.text(at(event)))
    assert "Opened by ada@example.org" in shown(ada.text(at(event)))
    bea = reader(console, Grant("viewer"), email="bea@example.org")
    words = shown(bea.text(at(event)))
    assert "Opened by ada@example.org" in words
    assert "2 times" in words
    noted = [(one.by, one.action) for one in console.parts.audit.page(9, on=str(event.id))]
    assert noted == [("bea@example.org", "submission.read"), *[("ada@example.org", "submission.read")] * 2]


def test_without_notify_it_says_so_and_shows_the_rest(engine: Engine, ada: Reader, event: SubmissionAccepted) -> None:
    tell(engine, a_state(event, words="There is no such mailbox."), a_state(an_event(), words="Of another one."))
    words = shown(ada.text(at(event)))
    assert "the notify service does not answer" in words
    assert "Ada Lovelace" in words
    assert "Mail to the owner to o…@example.org failed" in words
    assert "There is no such mailbox." in words
    assert "all that failed or is held (1)" in words
    assert "Of another one." not in words


@pytest.mark.parametrize("hostile", [SCRIPT, TURNED, "</textarea></script>", "javascript:alert(1)", "{{ 111111 * 3 }}"])
def test_hostile_values_are_text(engine: Engine, console: ConsoleApp, ada: Reader, hostile: str) -> None:
    event = replace(
        an_event(name=hostile, email=hostile, nested={hostile: [hostile]}, entries=[hostile, hostile]),
        source=Source(hostile, hostile, hostile, hostile),
        receipt_url=hostile,
        spam=hostile,
    )
    store(engine, event)
    console.parts.work.note(event.id, hostile, BEA)
    deliver(console, {"channel": "webhook", "state": "failed", "destination": hostile, "reason": hostile})
    page = ada.text(at(event))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    for tag, attributes in Tags(page).found:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert not (attributes.get("href") or "").lower().startswith("javascript:")
    assert "mailto:" not in page
    assert "333333" not in page
    assert hostile.replace("\x1b", "").replace("\x07", "")[:10] in html.unescape(page)


def test_a_form_that_is_gone_from_the_file_stays_readable(engine: Engine, ada: Reader) -> None:
    event = an_event(form="former", name="Ada", VAT_number="1")
    store(engine, event)
    words = shown(ada.text(at(event)))
    assert "The form former is not in the forms file any more." in words
    assert "VAT number 1" in words


def test_what_came_again_with_other_fields_is_shown(engine: Engine, ada: Reader, event: SubmissionAccepted) -> None:
    with SubmissionRepository(engine).transaction() as rows:
        rows.keep_conflicts([an_event(id=event.id, name="Eve", email="eve@example.net")], received_at=NOW)
    words = shown(ada.text(at(event)))
    assert "Came again under the same id, with other fields" in words
    assert "Eve" in words


def test_of_very_much_that_came_again_the_first_is_shown(
    engine: Engine, ada: Reader, event: SubmissionAccepted
) -> None:
    """Whoever knows an id may send a lot under it while nothing is stored: the page stays one that can be made."""
    came = [an_event(id=event.id, name=f"Eve {n}", text="<" * 100_000) for n in range(30)]
    with SubmissionRepository(engine).transaction() as rows:
        rows.keep_conflicts(came, received_at=NOW)
    page = ada.text(at(event))
    assert len(page) < 500_000
    assert "30 came under this id with other fields: the first 5 of them are shown." in shown(page)


def test_what_is_not_there_and_what_is_of_another_form_is_404(console: ConsoleApp, event: SubmissionAccepted) -> None:
    other = reader(console, Grant("owner", "contact"))
    for path in (at(event), "/console/submissions/" + str(uuid4()), "/console/submissions/nothing"):
        assert other.get(path).status_code == 404
    assert post(other, event, "notes", text="x").status_code == 404


def test_before_and_behind_it_are_those_of_the_list(engine: Engine, console: ConsoleApp, ada: Reader) -> None:
    events = [
        replace(
            an_event(name=f"N{number}", form="signup" if number % 2 else "contact"),
            accepted_at=NOW + timedelta(seconds=number),
        )
        for number in range(6)
    ]
    store(engine, *events)
    indexed(engine)

    def beside(number: int, query: str) -> list[UUID | None]:
        tags = [attributes for tag, attributes in Tags(ada.text(at(events[number], query))).found if tag == "a"]
        links = {one.get("rel"): one["href"] or "" for one in tags if one.get("rel") in ("prev", "next")}
        assert all(urlsplit(link).query == query.lstrip("?") for link in links.values())
        return [
            UUID(urlsplit(links[way]).path.rpartition("/")[2]) if way in links else None for way in ("prev", "next")
        ]

    assert beside(3, "?q=") == [events[4].id, events[2].id]
    assert beside(3, "?q=form%3Asignup") == [events[5].id, events[1].id]
    assert beside(5, "?q=form%3Asignup") == [None, events[3].id]
    console.parts.work.change(events[4].id, Change(state="done"), BEA)
    assert beside(3, "") == [events[5].id, events[2].id], "the inbox has what is new"
    # it is no part of the list any more, and still has its place there
    assert beside(4, "?q=is%3Anew") == [events[5].id, events[3].id]


@pytest.mark.parametrize("query", ["(((", "from:", "is:nothing", "x" * 9000])
def test_a_wrong_query_costs_the_ways_on_alone(ada: Reader, event: SubmissionAccepted, query: str) -> None:
    answer = ada.get(at(event), query_string={"q": query})
    assert answer.status_code == 200
    assert "Ada Lovelace" in answer.text
    assert 'rel="next"' not in answer.text


def test_status_star_labels_and_assignee(engine: Engine, ada: Reader, event: SubmissionAccepted) -> None:
    assert done(post(ada, event, "change?q=is%3Anew", state="done")) == at(event, "?q=is%3Anew#standing")
    post(ada, event, "change", 2, starred="true")
    post(ada, event, "change", 3, add_label="Urgent")
    post(ada, event, "change", 4, assignee="ada@example.org")
    record = record_of(engine, event.id)
    assert (record.state, record.starred, record.labels, record.assignee) == (
        "done",
        True,
        ("Urgent",),
        "ada@example.org",
    )
    post(ada, event, "change", 5, remove_label="urgent")
    post(ada, event, "change", 6, assignee="")
    record = record_of(engine, event.id)
    assert (record.labels, record.assignee, record.version) == ((), None, 7)


def test_what_was_done_can_be_undone_until_somebody_else_did_something(
    engine: Engine, console: ConsoleApp, ada: Reader, event: SubmissionAccepted
) -> None:
    post(ada, event, "change", state="done")
    fields = undo(ada.text(at(event)), at(event, "/change"))
    assert fields["state"] == "new"
    done(ada.post(at(event, "/change"), {**fields}))
    assert record_of(engine, event.id).state == "new"
    post(ada, event, "spam", 3)
    fields = undo(ada.text(at(event)), at(event, "/not-spam"))
    console.parts.work.change(event.id, Change(state="done"), BEA)
    assert ada.post(at(event, "/not-spam"), {**fields}).status_code == 409
    assert record_of(engine, event.id).spam == "owner"


def undo(page: str, action: str) -> dict[str, str]:
    """Return what the button sends that takes back what was just done."""
    found = re.search(rf'<div class="notice.*?<form[^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert found, page
    fields = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', found[0]))
    return {name: html.unescape(value) for name, value in fields.items() if name != "csrf_token"}


def test_a_note_is_added_once_however_often_it_is_sent(
    console: ConsoleApp, ada: Reader, event: SubmissionAccepted
) -> None:
    assert done(post(ada, event, "notes", text="One\r\ntwo")).endswith("#note-2")
    assert done(post(ada, event, "notes", text="One\r\ntwo")).endswith("#note")
    assert [note.text for note in console.parts.work.notes(event.id)] == ["One\ntwo"]


def test_a_note_that_is_not_taken_comes_back_with_why(ada: Reader, event: SubmissionAccepted) -> None:
    answer = post(ada, event, "notes", text="x" * 10_001)
    assert answer.status_code == 422
    assert "10001 characters, 10000 at most" in answer.text
    assert "x" * 10_001 in answer.text
    assert post(ada, event, "notes", text=" \n ").status_code == 422


def test_in_two_tabs_the_note_is_kept_and_both_are_shown(
    engine: Engine, console: ConsoleApp, ada: Reader, event: SubmissionAccepted
) -> None:
    console.parts.work.note(event.id, "I called her.", BEA)
    typed = "I will call her.\n<b>Tomorrow</b>"
    answer = post(ada, event, "notes", text=typed)
    assert answer.status_code == 409
    words = shown(answer.text)
    assert "This changed while you had it open." in words
    assert "bea@example.org wrote a note" in words
    assert "I called her." in words
    assert answer.text.count(html.escape(typed)) == 2, "as it was typed, and where it can still be changed"
    assert [note.text for note in console.parts.work.notes(event.id)] == ["I called her."]
    done(post(ada, event, "notes", record_of(engine, event.id).version, text=typed))
    assert [note.text for note in console.parts.work.notes(event.id)] == ["I called her.", typed]


def test_in_two_tabs_a_change_of_the_same_thing_is_asked_about(
    engine: Engine, console: ConsoleApp, ada: Reader, event: SubmissionAccepted
) -> None:
    console.parts.work.change(event.id, Change(state="done"), BEA)
    answer = post(ada, event, "change", state="open")
    assert answer.status_code == 409
    words = shown(answer.text)
    assert "bea@example.org marked it as done" in words
    assert "You wanted to mark it as open: that is not done yet." in words
    assert record_of(engine, event.id).state == "done"
    done(post(ada, event, "change", 2, state="open"))
    assert record_of(engine, event.id).state == "open"


@pytest.mark.parametrize("fields", [{"starred": "true"}, {"add_label": "b"}, {"assignee": "ada@example.org"}])
def test_what_others_did_with_something_else_is_in_nobodys_way(
    engine: Engine, console: ConsoleApp, ada: Reader, event: SubmissionAccepted, fields: dict[str, Any]
) -> None:
    console.parts.work.change(event.id, Change(state="done", add_labels=("a",)), BEA)
    console.parts.work.note(event.id, "Called her.", BEA)
    done(post(ada, event, "change", **fields))
    record = record_of(engine, event.id)
    assert (record.state, record.version) == ("done", 4)
    assert "a" in record.labels


def test_what_is_so_already_is_no_conflict(console: ConsoleApp, ada: Reader, event: SubmissionAccepted) -> None:
    console.parts.work.change(event.id, Change(state="done"), BEA)
    done(post(ada, event, "change", state="done"))


def test_a_reply_is_noted_and_then_the_mail_program_can_be_opened(
    engine: Engine, console: ConsoleApp, ada: Reader, event: SubmissionAccepted
) -> None:
    where = done(post(ada, event, "reply?q=is%3Anew"))
    assert parse_qs(urlsplit(where).query) == {"q": ["is:new"], "write": ["1"]}
    page = ada.text(where.partition("#")[0])
    [link] = [
        one["href"] for tag, one in Tags(page).found if tag == "a" and (one.get("href") or "").startswith("mailto:")
    ]
    assert link is not None
    assert link.startswith("mailto:ada@example.org?subject=Re%3A%20Sign%20up&body=")
    assert record_of(engine, event.id).replied_at is not None
    done(post(ada, event, "reply"))
    assert len(console.parts.work.trail(event.id)) == 1, "a second press is no second reply"
    bea = reader(console, email="bea@example.org")
    answer = post(bea, event, "reply")
    assert answer.status_code == 409
    assert "ada@example.org replied by mail" in shown(answer.text)


def test_spam_and_no_spam(engine: Engine, ada: Reader, event: SubmissionAccepted) -> None:
    done(post(ada, event, "spam"))
    assert record_of(engine, event.id).spam == "owner"
    words = shown(ada.text(at(event)))
    assert "This is spam: somebody marked it" in words
    answer = post(ada, event, "resend", channel="owner")
    assert answer.status_code == 409
    assert "Say first that it is no spam" in answer.text
    done(post(ada, event, "not-spam", 2))
    assert record_of(engine, event.id).spam is None


def test_spam_that_a_score_holds_is_marked_by_a_person_without_a_button_that_would_deliver_it(
    engine: Engine, ada: Reader, event: SubmissionAccepted
) -> None:
    with engine.begin() as connection:
        connection.execute(update(submissions).values(spam="score"))
    assert post(ada, event, "resend", channel="owner").status_code == 409
    done(post(ada, event, "spam"))
    assert record_of(engine, event.id).spam == "owner"
    page = ada.text(at(event))
    assert "Marked as spam: nothing more of it is sent." in shown(page)
    assert 'class="notice' in page
    assert not re.search(
        rf'<div class="notice[^>]*>(?:(?!</div>).)*{re.escape(at(event, "/not-spam"))}', page, re.DOTALL
    )


@pytest.mark.parametrize("spam", ["score", None])
def test_how_much_it_looks_like_spam_and_why_is_said(engine: Engine, ada: Reader, spam: str | None) -> None:
    reasons = ("links:3:2", f"word:{SCRIPT}"[:80], f"word:{TURNED}")
    scored = replace(an_event(name="Eve"), spam=spam, verdict=Verdict(97, "1-0", reasons))
    store(engine, scored)
    page = ada.text(at(scored))
    assert re.search(r"<dt>Looks like spam</dt>\s*<dd>97 of 100", page)
    assert page.count('<ul class="weighed">') == 1
    assert "<script>alert" not in page
    assert ("it looks like what you marked as spam" in page) is (spam is not None)


def test_why_nothing_is_sent_again_is_said(engine: Engine, ada: Reader, event: SubmissionAccepted) -> None:
    with engine.begin() as connection:
        connection.execute(update(submissions).values(imported_at=NOW))
    done(post(ada, event, "resend", channel="owner"))
    assert "It was imported: nothing of it is ever sent." in shown(ada.text(at(event)))
    with engine.begin() as connection:
        connection.execute(update(submissions).values(imported_at=None))
        Erasing(engine).anonymise_within(connection, [event.id], {}, Asker("ada@example.org", frozenset()))
    done(post(ada, event, "resend", channel="owner"))
    assert "It is anonymous: nothing of it is sent any more." in shown(ada.text(at(event)))


def test_what_failed_is_sent_again(engine: Engine, ada: Reader, event: SubmissionAccepted) -> None:
    tell(engine, a_state(event), a_state(event, channel="webhook"))
    assert done(post(ada, event, "resend", channel="")).endswith("#timeline")
    assert sorted(one.channel for one in outgoing(engine)) == ["owner", "webhook"]
    words = shown(ada.text(at(event)))
    assert "2 deliveries are sent again." in words
    assert "asked to send again: Mail to the owner, Webhook" in words
    done(post(ada, event, "resend", channel="confirmation"))
    assert [one.channel for one in outgoing(engine)][-1] == "confirmation"
    assert post(ada, event, "resend", channel="fax").status_code == 400


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("change", {"state": "closed"}),
        ("change", {"starred": "maybe"}),
        ("change", {"state": "done", "version": "x"}),
        ("change", {"state": "done", "version": "0"}),
        ("change", {"state": "done", "version": "9" * 5000}),
        ("change", {"assignee": "x" * 5000}),
        ("notes", {"text": "x", "version": ""}),
        ("reply", {"version": "-1"}),
    ],
)
def test_what_no_form_of_ours_sends_is_refused(
    engine: Engine, ada: Reader, event: SubmissionAccepted, action: str, fields: dict[str, str]
) -> None:
    assert ada.post(at(event, f"/{action}"), {"version": "1", **fields}).status_code == 400
    assert record_of(engine, event.id).version == 1


@pytest.mark.parametrize("label", [" ", "x" * 65, 'a"b'])
def test_a_label_that_is_not_taken_comes_back(ada: Reader, event: SubmissionAccepted, label: str) -> None:
    answer = post(ada, event, "change", add_label=label)
    assert answer.status_code == 422
    assert f'value="{html.escape(label)}"' in answer.text.replace("&#34;", "&quot;")


def test_it_is_given_to_those_who_have_access(console: ConsoleApp, ada: Reader, event: SubmissionAccepted) -> None:
    reader(console, Grant("viewer", "signup"), email="Bea@example.org")
    reader(console, Grant("owner", "contact"), email="cy@example.org")
    gone = reader(console, Grant("owner"), email="dee@example.org")
    assert gone.user
    console.parts.accounts.users.end(gone.user.id, Asker("the tests", frozenset()))
    options = [one.get("value") for tag, one in Tags(ada.text(at(event))).found if tag == "option"]
    assert options[:3] == ["", "ada@example.org", "bea@example.org"]
    assert "cy@example.org" not in options
    assert "dee@example.org" not in options


def test_whoever_only_reads_has_no_buttons(console: ConsoleApp, event: SubmissionAccepted) -> None:
    viewer = reader(console, Grant("viewer"))
    page = viewer.text(at(event))
    forms = [one["action"] for tag, one in Tags(page).found if tag == "form"]
    assert forms == ["/console/sign-out"]
    assert "ada@example.org" in page
