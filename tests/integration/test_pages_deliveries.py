"""The page *Deliveries*: what failed, is held or is tried again, and to send it again: one, some, or all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from shared.messaging.broker import Answer, Params
from shared.messaging.topology import NOTIFY_QUERIES
from storage_service.accounts.roles import Grant
from storage_service.console.pages.deliveries.views import LIMIT
from storage_service.work import Work
from support.console_app import ConsoleApp, a_console
from support.console_pages import Reader, reader
from support.events import an_event
from support.resending import TOLD_AT, a_state, outgoing, submissions_with, tell
from support.shown import words_of
from support.submission_databases import migrated, store
from support.tags import Tags
from support.working import an_asker

HOSTILE = "<script>alert(1)</script>\"' onload=x"


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


def stored(engine: Engine, form: str = "signup", **others: Any) -> UUID:
    """Store a submission with a delivery, and return the delivery's id."""
    event = an_event(form=form, n=str(uuid4()))
    store(engine, event)
    state = a_state(event, **others)
    tell(engine, state)
    return state.delivery_id


def ids(page: str) -> list[str]:
    return [str(one["value"]) for tag, one in Tags(page).found if tag == "input" and one.get("name") == "delivery"]


def words(page: str) -> str:
    return " ".join(words_of(page))


def test_what_failed_is_shown_with_its_reason(engine: Engine, ada: Reader) -> None:
    key = stored(engine, words="This address does not exist.", attempts=3, changed_at=TOLD_AT - timedelta(hours=5))
    page = ada.text("/console/deliveries")
    assert ids(page) == [str(key)]
    for said in ("This address does not exist.", "o…@example.org", "failed", "3 tries", "5 hours ago"):
        assert said in words(page), said


def test_states_and_filters_stand_in_the_address(engine: Engine, ada: Reader) -> None:
    failed = stored(engine, form="contact", channel="webhook", changed_at=TOLD_AT - timedelta(days=3))
    held = stored(engine, state="held")
    assert ids(ada.text("/console/deliveries?state=held")) == [str(held)]
    assert ids(ada.text("/console/deliveries?form=contact&channel=webhook&since=7d")) == [str(failed)]
    assert ids(ada.text("/console/deliveries?form=contact&since=1d")) == []
    assert "Nothing of this kind" in ada.text("/console/deliveries?since=1d")
    chosen = [
        one.get("value")
        for tag, one in Tags(ada.text("/console/deliveries?form=contact&since=7d")).found
        if tag == "option" and "selected" in one
    ]
    assert chosen == ["contact", "", "7d"]


@pytest.mark.parametrize("query", ["state=lost", "form=a/b", "channel=smoke", "since=2y", "x=1", "cursor=no", "state="])
def test_what_is_not_known_is_refused_by_its_name(ada: Reader, query: str) -> None:
    assert ada.get(f"/console/deliveries?{query}").status_code == (200 if query == "state=" else 400)


def test_pages_go_on_to_the_end_and_each_is_in_one(engine: Engine, ada: Reader) -> None:
    told = [a_state(an_event(), changed_at=TOLD_AT - timedelta(seconds=n // 9)) for n in range(2 * LIMIT + 3)]
    tell(engine, *told)
    address, seen = "/console/deliveries", list[str]()
    while address:
        page = ada.text(address)
        seen += ids(page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(told)
    assert set(seen) == {str(one.delivery_id) for one in told}


def test_how_many_there_are_is_said_and_never_counted_to_the_end(engine: Engine, ada: Reader) -> None:
    tell(engine, *(a_state(an_event()) for _ in range(1001)))
    stored(engine, state="held")
    page = words(ada.text("/console/deliveries"))
    assert "Failed 1,000+ Held 1" in page


def test_one_is_sent_again_by_its_button_and_others_are_not(engine: Engine, ada: Reader) -> None:
    one, other = stored(engine), stored(engine)
    answer = ada.post("/console/deliveries/again", {"one": str(one), "delivery": [str(other)]})
    assert (answer.status_code, answer.location) == (303, "/console/deliveries")
    assert [request.delivery_id for request in outgoing(engine)] == [one]
    assert outgoing(engine)[0].requested_by == "ada@example.org"
    page = ada.text("/console/deliveries")
    assert "It will be sent again." in page
    assert ids(page) == [str(other)]


def test_some_are_sent_again_and_the_list_is_as_it_was(engine: Engine, console: ConsoleApp, ada: Reader) -> None:
    keys = [stored(engine, form="contact") for _ in range(3)]
    sent = {"delivery": [str(one) for one in keys[:2]], "form": "contact", "since": "7d"}
    answer = ada.post("/console/deliveries/again", sent)
    assert answer.location == "/console/deliveries?form=contact&since=7d"
    assert {request.delivery_id for request in outgoing(engine)} == set(keys[:2])
    assert "2 will be sent again." in ada.text(answer.location)
    noted = [(one.action, one.count) for one in console.parts.audit.page(5)]
    assert ("delivery.resend", 2) in noted
    ada.post("/console/deliveries/again", sent)
    assert "asked for already" in ada.text("/console/deliveries")
    assert len(outgoing(engine)) == 2


def test_nothing_chosen_is_said(ada: Reader) -> None:
    ada.post("/console/deliveries/again", {})
    assert "Nothing was chosen" in ada.text("/console/deliveries")


@pytest.mark.parametrize("said", [["x"], [str(uuid4())] * 201, ["' OR 1=1"]])
def test_what_is_no_delivery_is_refused(ada: Reader, said: list[str]) -> None:
    assert ada.post("/console/deliveries/again", {"delivery": said}).status_code == 422


def test_all_are_sent_again_by_a_job_once_it_was_confirmed(engine: Engine, console: ConsoleApp, ada: Reader) -> None:
    keys = {stored(engine, form="contact") for _ in range(4)}
    stored(engine), stored(engine, form="contact", state="held")
    page = ada.post("/console/deliveries/again", {"all": "yes", "form": "contact"}).text
    assert "of 4 submissions" in words(page)
    assert outgoing(engine) == []
    sent = {str(one["name"]): one.get("value") for tag, one in Tags(page).found if tag == "input" and one.get("name")}
    sent.pop("csrf_token")
    answer = ada.post("/console/deliveries/again", sent)
    assert re.fullmatch(r"/console/jobs/[0-9a-f-]{36}", answer.location)
    assert {request.delivery_id for request in outgoing(engine)} == keys
    again = ada.post("/console/deliveries/again", sent)
    assert again.location == answer.location, "the same question is the same job"
    [job] = console.parts.jobs.listed(an_asker(), 5)
    assert (job.asked.kind, job.total, job.changed) == ("resend", 4, 4)


def test_all_of_some_days_are_those_of_these_days(engine: Engine, ada: Reader) -> None:
    old, young = stored(engine, changed_at=TOLD_AT - timedelta(days=9)), stored(engine)
    page = ada.post("/console/deliveries/again", {"all": "yes", "since": "7d"}).text
    sent = {str(one["name"]): one.get("value") for tag, one in Tags(page).found if tag == "input" and one.get("name")}
    sent.pop("csrf_token")
    ada.post("/console/deliveries/again", sent)
    assert {request.delivery_id for request in outgoing(engine)} == {young} != {old}


def test_more_than_were_confirmed_are_asked_about_anew(engine: Engine, ada: Reader) -> None:
    stored(engine)
    now = datetime.now(UTC)
    sent = {"all": "yes", "confirm": "0", "moment": now.isoformat(), "key": "k"}
    answer = ada.post("/console/deliveries/again", sent)
    assert answer.status_code == 409
    assert "of 1 submission" in words(answer.text)
    assert outgoing(engine) == []


@pytest.mark.parametrize(
    "sent", [{"confirm": "x"}, {"moment": "2026"}, {"moment": "2020-01-01T00:00+00:00"}, {"key": ""}, {"key": "k" * 99}]
)
def test_a_question_that_is_none_of_ours_is_refused(engine: Engine, ada: Reader, sent: dict[str, str]) -> None:
    stored(engine)
    good = {"all": "yes", "confirm": "1", "moment": datetime.now(UTC).isoformat(), "key": "k"}
    assert ada.post("/console/deliveries/again", good | sent).status_code == 422
    assert outgoing(engine) == []


def test_when_nothing_is_left_it_is_said(ada: Reader) -> None:
    answer = ada.post("/console/deliveries/again", {"all": "yes"})
    assert "somebody was quicker" in ada.text(answer.location)


def test_what_waits_for_something_else_has_no_button(engine: Engine, ada: Reader) -> None:
    key = stored(engine, state="held", reason="opt-in", words="Who submitted has not confirmed the address yet.")
    page = ada.text("/console/deliveries?state=held")
    assert "has not confirmed" in page
    assert ids(page) == []
    ada.post("/console/deliveries/again", {"delivery": [str(key)]})
    assert outgoing(engine) == []


def test_nothing_of_spam_is_sent_again(engine: Engine, ada: Reader) -> None:
    [failed] = submissions_with(engine, 1)
    Work(engine).spam(failed.submission_id, an_asker())
    ada.post("/console/deliveries/again", {"one": str(failed.delivery_id)})
    assert "or cannot be sent" in ada.text("/console/deliveries")
    assert outgoing(engine) == []


def test_of_anothers_form_nothing_is_seen_or_sent(engine: Engine, console: ConsoleApp) -> None:
    other = stored(engine, form="contact", words="zebrafish")
    bob = reader(console, Grant("editor", "signup"), email="bob@example.org")
    for address in ("/console/deliveries", "/console/deliveries?form=contact"):
        page = bob.text(address)
        assert "zebrafish" not in page
        assert ids(page) == []
    bob.post("/console/deliveries/again", {"one": str(other)})
    assert outgoing(engine) == []
    answer = bob.post("/console/deliveries/again", {"all": "yes", "form": "contact"})
    assert answer.status_code == 303, "there is nothing of it"


def test_who_only_reads_sees_and_sends_nothing(engine: Engine, console: ConsoleApp) -> None:
    key = stored(engine)
    bob = reader(console, Grant("viewer"), email="bob@example.org")
    page = bob.text("/console/deliveries")
    assert "Send again" not in page
    assert ids(page) == []
    assert bob.post("/console/deliveries/again", {"one": str(key)}).status_code == 403


def test_who_may_work_on_one_form_and_read_another_is_offered_the_one(engine: Engine, console: ConsoleApp) -> None:
    own, other = stored(engine), stored(engine, form="contact")
    bob = reader(console, Grant("editor", "signup"), Grant("viewer", "contact"), email="bob@example.org")
    assert ids(bob.text("/console/deliveries")) == [str(own)]
    bob.post("/console/deliveries/again", {"delivery": [str(own), str(other)]})
    assert [request.delivery_id for request in outgoing(engine)] == [own]
    assert "1 of 2 will be sent again." in bob.text("/console/deliveries")


def test_channels_are_called_as_on_the_page_of_a_submission(engine: Engine, console: ConsoleApp, ada: Reader) -> None:
    stored(engine, channel="apprise", destination_shown="")
    page = ada.text("/console/deliveries")
    assert '<option value="apprise">Push message</option>' in page
    assert '<span class="badge ">Push message</span>' in page
    assert 'aria-label="Send again: Push message"' in page
    Notify(console, 1)
    assert '<span class="badge ">Confirmation</span>' in ada.text("/console/deliveries?state=retrying")
    question = ada.post("/console/deliveries/again", {"channel": "apprise", "all": "yes"})
    assert "<dd>Push message</dd>" in question.text


def test_hostile_texts_are_words(engine: Engine, ada: Reader) -> None:
    stored(engine, words=HOSTILE, destination_shown=HOSTILE)
    tags = Tags(ada.text("/console/deliveries")).found
    assert not [one for tag, one in tags if tag == "script" and "src" not in one]
    assert not [one for _, one in tags if "onload" in one]


class Notify:
    """Answers what is tried again."""

    def __init__(self, console: ConsoleApp, told: int) -> None:
        self.asked: list[Params] = []
        self.told = told
        console.broker.serve(NOTIFY_QUERIES, {"retrying": self._answer})

    def _answer(self, params: Params) -> Answer:
        self.asked.append(params)
        at = "2026-11-22T17:03:44.000000Z"
        one = {
            "form": "signup",
            "channel": "email",
            "destination": "a…@example.org",
            "attempts": 2,
            "changed_at": at,
            "next_attempt_at": at,
            "error": "rcpt 451",
            "reason": "The mail server asks to wait.",
        }
        rows = [one | {"id": str(uuid4()), "submission": str(uuid4())} for _ in range(self.told)]
        return {"deliveries": rows, "next": [at, str(uuid4())] if self.told == LIMIT else None}


def test_what_is_tried_again_notify_tells(console: ConsoleApp, ada: Reader) -> None:
    notify = Notify(console, LIMIT)
    page = ada.text("/console/deliveries?state=retrying")
    assert "The mail server asks to wait." in page
    assert "Send again" not in page
    assert notify.asked == [{"forms": None, "limit": LIMIT, "after": None}]
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    ada.text(older[1].replace("&amp;", "&"))
    assert len(notify.asked[1]["after"]) == 2


def test_notify_is_asked_for_ones_own_forms_alone(console: ConsoleApp) -> None:
    notify = Notify(console, 0)
    bob = reader(console, Grant("viewer", "signup"), email="bob@example.org")
    assert "Nothing is tried again" in bob.text("/console/deliveries?state=retrying")
    bob.text("/console/deliveries?state=retrying&form=contact")
    assert [one["forms"] for one in notify.asked] == [["signup"], []]


def test_while_notify_is_away_it_is_said(ada: Reader) -> None:
    assert "does not tell just now" in ada.text("/console/deliveries?state=retrying")
