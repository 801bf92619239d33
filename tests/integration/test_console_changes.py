"""What changes a submission over the API: bodies, versions, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from shared.api_keys import hash_of
from shared.contracts import SubmissionAccepted
from storage_service.accounts.audit import Audit
from storage_service.work import Work
from support.console_app import ALL_KEY, ConsoleApp, a_console
from support.events import an_event
from support.resending import a_state, outgoing, tell
from support.submission_databases import migrated, store
from support.working import record_of, verdicts

POSTS = ("replies", "spam", "not-spam")


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    with migrated(sqlite_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    audit = Audit(engine)
    return a_console(engine, tmp_path, audit=audit, work=Work(engine, audit=audit))


@pytest.fixture
def event(engine: Engine) -> SubmissionAccepted:
    made = an_event()
    store(engine, made)
    return made


def one(event: SubmissionAccepted, rest: str = "") -> str:
    return f"/v1/submissions/{event.id}{rest}"


def patch(console: ConsoleApp, path: str, key: str = ALL_KEY, **options: Any) -> TestResponse:
    return console.ask(path, key, method="PATCH", **options)


def post(console: ConsoleApp, path: str, key: str = ALL_KEY, **options: Any) -> TestResponse:
    return console.ask(path, key, method="POST", **options)


def named(answer: TestResponse) -> list[str | None]:
    """Return which members an answer says are wrong."""
    assert answer.content_type == "application/problem+json"
    return [error.get("field") for error in answer.json["errors"]]  # type: ignore[index]


def test_a_change_answers_with_the_submission_and_its_version(
    engine: Engine, console: ConsoleApp, event: SubmissionAccepted
) -> None:
    body = {"status": "open", "starred": True, "labels": ["Urgent"], "assignee": "Ada@example.org"}
    answer = patch(console, one(event), json=body)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert {name: answer.json[name] for name in body} == body | {"assignee": "ada@example.org"}  # type: ignore[index]
    answer = patch(console, one(event), json={"add_labels": ["b"], "remove_labels": ["urgent"], "assignee": None})
    assert (answer.json["labels"], answer.json["assignee"], answer.json["version"]) == (["b"], None, 3)  # type: ignore[index]
    assert [noted.action for noted in console.parts.audit.page(9)] == ["submission.change"] * 2
    assert {noted.on for noted in console.parts.audit.page(9)} == {str(event.id)}
    assert record_of(engine, event.id).version == 3


def test_what_is_so_already_is_answered_and_not_noted(console: ConsoleApp, event: SubmissionAccepted) -> None:
    for _ in range(2):
        answer = patch(console, one(event), json={"status": "done"}, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert len(console.parts.audit.page(9)) == 1


def test_whoever_has_seen_another_version_gets_the_one_there_is(console: ConsoleApp, event: SubmissionAccepted) -> None:
    patch(console, one(event), json={"status": "open"})
    seen = {"If-Match": '"1"'}
    late = [
        patch(console, one(event), json={"status": "done"}, headers=seen),
        post(console, one(event, "/notes"), json={"text": "a"}, headers=seen),
        post(console, one(event, "/replies"), headers=seen),
        post(console, one(event, "/spam"), headers=seen),
    ]
    for answer in late:
        assert (answer.status_code, answer.headers["ETag"]) == (409, '"2"')
        assert (answer.json["current"]["status"], answer.json["current"]["version"]) == ("open", 2)  # type: ignore[index]
    for fitting in ('"2"', "*"):
        answer = post(console, one(event, "/replies"), headers={"If-Match": fitting})
        assert answer.status_code == 200


@pytest.mark.parametrize("tag", ['"x"', "2", 'W/"2"', '"1", "2"', '"0"', '"99999999999"', "", " "])
def test_what_is_no_version_is_refused(console: ConsoleApp, event: SubmissionAccepted, tag: str) -> None:
    answer = patch(console, one(event), json={"status": "open"}, headers={"If-Match": tag})
    assert (answer.status_code, named(answer)) == (400, ["If-Match"])


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, None),
        ({"status": "spam"}, "status"),
        ({"status": None}, "status"),
        ({"state": "open"}, "state"),
        ({"starred": 1}, "starred"),
        ({"starred": "true"}, "starred"),
        ({"labels": "a"}, "labels"),
        ({"labels": [1]}, "labels.0"),
        ({"labels": [" "]}, "labels"),
        ({"labels": ['a "b"']}, "labels"),
        ({"labels": ["x" * 65]}, "labels"),
        ({"labels": ["x" * 100_000]}, "labels"),
        ({"labels": [f"{n}" for n in range(21)]}, "labels"),
        ({"labels": [], "add_labels": ["a"]}, "labels"),
        ({"assignee": "ada"}, "assignee"),
        ({"assignee": "a@b " * 1000}, "assignee"),
        ({"spam": True}, "spam"),
        ({"version": 3}, "version"),
    ],
)
def test_a_member_that_is_wrong_is_named(
    engine: Engine, console: ConsoleApp, event: SubmissionAccepted, body: dict[str, Any], member: str | None
) -> None:
    answer = patch(console, one(event), json=body)
    assert (answer.status_code, named(answer)) == (422, [member]), answer.text
    assert record_of(engine, event.id).version == 1


def test_notes(console: ConsoleApp, event: SubmissionAccepted) -> None:
    answer = post(console, one(event, "/notes"), json={"text": " called her "})
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"2"')
    assert answer.json == {"version": 2, "at": answer.json["at"], "by": answer.json["by"], "text": "called her"}  # type: ignore[index]
    for body, member in (({}, "text"), ({"text": ""}, "text"), ({"text": "x" * 10_001}, "text"), ({"b": 1}, "b")):
        refused = post(console, one(event, "/notes"), json=body)
        assert refused.status_code == 422
        assert member in named(refused)


def test_spam_and_back_in_the_outbox_once(engine: Engine, console: ConsoleApp, event: SubmissionAccepted) -> None:
    for name in ("spam", "spam", "not-spam", "not-spam"):
        answer = post(console, one(event, f"/{name}"))
        assert answer.status_code == 200
    assert answer.json["spam"] is None  # type: ignore[index]
    assert [one.version for one in verdicts(engine)] == [2, 3]
    assert [noted.action for noted in console.parts.audit.page(9)] == ["submission.not-spam", "submission.spam"]


def test_what_failed_is_sent_again_once(engine: Engine, console: ConsoleApp, event: SubmissionAccepted) -> None:
    tell(engine, a_state(event), a_state(event, channel="webhook"), a_state(event, channel="webhook"))
    for body, requested in (({"channel": "webhook"}, 2), ({"channel": "webhook"}, 0), ({}, 1), ({}, 0)):
        answer = post(console, one(event, "/deliveries"), json=body)
        assert (answer.status_code, answer.json) == (202, {"requested": requested})
    assert sorted(asked.channel for asked in outgoing(engine)) == ["owner", "webhook", "webhook"]
    assert {asked.requested_by for asked in outgoing(engine)} == {f"key {hash_of(ALL_KEY)[:8]}"}
    answer = post(console, one(event, "/deliveries"), json={"channel": "confirmation"})
    assert answer.json == {"requested": 1}, "nothing of it failed: all that it has"
    answer = post(console, one(event, "/deliveries"), json={"channel": "email"})
    assert (answer.status_code, answer.json) == (202, {"requested": 0}), "as a submission shows it: the same"
    refused = post(console, one(event, "/deliveries"), json={"channel": "fax"})
    assert (refused.status_code, named(refused)) == (422, ["channel"])


def test_nothing_is_sent_again_of_what_somebody_marked_as_spam(
    engine: Engine, console: ConsoleApp, event: SubmissionAccepted
) -> None:
    tell(engine, a_state(event))
    post(console, one(event, "/spam"))
    for body in ({}, {"channel": "owner"}):
        answer = post(console, one(event, "/deliveries"), json=body)
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (409, "WITHHELD")  # type: ignore[index]
    assert len(console.parts.audit.page(9)) == 1


def test_only_who_may_write_does(engine: Engine, console: ConsoleApp, event: SubmissionAccepted) -> None:
    reader, others = console.key("read", "export", "operate"), console.key("write", forms=["contact"])
    everything = [("PATCH", "", {"status": "open"}), ("POST", "/notes", {"text": "a"}), ("POST", "/deliveries", {})]
    for method, rest, body in [*everything, *(("POST", f"/{name}", None) for name in POSTS)]:
        answer = console.ask(one(event, rest), reader, method=method, json=body)
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (403, "SCOPE")  # type: ignore[index]
        assert console.client.open(one(event, rest), method=method, json=body).status_code == 401
        for path in (one(event, rest), f"/v1/submissions/{an_event().id}{rest}", f"/v1/submissions/x{rest}"):
            other = console.ask(path, others, method=method, json=body)
            assert (other.status_code, other.json["errors"][0]["code"]) == (404, "SUBMISSION_NOT_FOUND")  # type: ignore[index]
    assert record_of(engine, event.id).version == 1
    assert outgoing(engine) == []


def test_a_trap_s_catch_is_listed_again_once_it_is_no_spam(engine: Engine, console: ConsoleApp) -> None:
    caught = replace(an_event(), spam="honeypot")
    store(engine, caught)
    for query, found in (("is:spam", 1), ("is:new -is:spam", 0)):
        assert len(console.ask(f"/v1/submissions?q={query}").json["submissions"]) == found  # type: ignore[index]
    post(console, one(caught, "/not-spam"))
    for query, found in (("is:spam", 0), ("is:new -is:spam", 1)):
        assert len(console.ask(f"/v1/submissions?q={query}").json["submissions"]) == found  # type: ignore[index]


def test_who_may_write_and_not_read_is_not_shown_what_it_says(console: ConsoleApp, event: SubmissionAccepted) -> None:
    key = console.key("write")
    answer = patch(console, one(event), key, json={"status": "open"})
    assert (answer.status_code, answer.get_data(), answer.headers["ETag"]) == (204, b"", '"2"')
    late = patch(console, one(event), key, json={"status": "done"}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.headers["ETag"], "current" in late.get_data(as_text=True)) == (409, '"2"', False)
    assert patch(console, one(event), console.key("read", "write"), json={"status": "new"}).status_code == 200
