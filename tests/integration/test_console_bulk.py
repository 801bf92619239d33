"""The addresses of jobs and bulk: what is wrong is named, what is right is done, and can be followed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine

from shared.database import iso
from storage_service.accounts.audit import Audit
from storage_service.accounts.keys import Keys
from storage_service.jobs.asking import AT_ONCE_MOST
from support.console_client import Client, client, console_app
from support.events import an_event
from support.resending import a_state, outgoing, tell
from support.submission_databases import migrated, store
from support.working import record_of

BULK = "/v1/submissions/bulk"
AN_ID = "2f1c9d00-0000-4000-8000-000000000000"
"""Fixed, because it stands in the names of tests: each worker has to find the same ones."""

ALL = "is:spam OR -is:spam"
OPEN = {"q": ALL, "action": {"status": "open"}}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def app(engine: Engine) -> Iterator[Flask]:
    with console_app(engine) as made:
        yield made


@pytest.fixture
def ada(app: Flask, engine: Engine) -> Client:
    return client(app, engine, "ada", "read", "write")


def test_it_counts_and_then_does_what_was_counted(ada: Client, engine: Engine) -> None:
    events = [an_event(n=number) for number in range(5)]
    store(engine, *events)
    counted = ada.post(BULK, OPEN)
    assert counted.status_code == 200, counted.text
    assert (counted.json["count"], counted.json["job"]) == (5, None)
    assert record_of(engine, events[0].id).state == "new"
    done = ada.post(BULK, OPEN | {"confirm": 5, "moment": counted.json["moment"]})
    job = done.json["job"]
    assert (done.status_code, done.headers["Location"]) == (200, f"/v1/jobs/{job['id']}")
    assert (job["state"], job["total"], job["done"], job["changed"], job["by"]) == ("done", 5, 5, 5, "ada")
    assert {record_of(engine, one.id).state for one in events} == {"open"}
    noted = Audit(engine).page(10)[0]
    assert (noted.by, noted.action, noted.on, noted.count) == ("ada", "job.change", f"job {job['id']}", 5)
    again = ada.post(BULK, OPEN | {"confirm": 5})
    assert (again.json["job"]["changed"], again.json["job"]["unchanged"]) == (0, 5)


def test_more_than_was_confirmed_is_409_with_the_number(ada: Client, engine: Engine) -> None:
    store(engine, an_event(), an_event())
    refused = ada.post(BULK, OPEN | {"confirm": 1})
    assert refused.status_code == 409
    assert refused.json["current"]["count"] == 2
    assert refused.json["errors"][0]["field"] == "confirm"
    assert ada.get("/v1/jobs").json == {"jobs": [], "next_cursor": None}


def test_the_same_key_is_the_same_job(ada: Client, engine: Engine) -> None:
    store(engine, an_event())
    asked = OPEN | {"confirm": 1}
    first = ada.post(BULK, asked, Idempotency_Key="k1").json["job"]
    assert ada.post(BULK, asked, Idempotency_Key="k1").json["job"] == first
    other = ada.post(BULK, asked | {"action": {"status": "done"}}, Idempotency_Key="k1")
    assert (other.status_code, other.json["errors"][0]["code"]) == (422, "IDEMPOTENCY_KEY")
    assert len(ada.get("/v1/jobs").json["jobs"]) == 1


def test_many_are_a_job_that_is_followed_stopped_and_undone(ada: Client, engine: Engine) -> None:
    store(engine, *[an_event(n=number) for number in range(AT_ONCE_MOST + 1)])
    asked = ada.post(BULK, OPEN | {"confirm": AT_ONCE_MOST + 1})
    assert asked.status_code == 202
    place = asked.headers["Location"]
    seen = ada.get(place).json
    assert (seen["state"], seen["total"], seen["done"], seen["undone_by"]) == ("waiting", AT_ONCE_MOST + 1, 0, None)
    early = ada.post(f"{place}/undo", {})
    assert (early.status_code, early.json["errors"][0]["code"]) == (409, "UNFIT")
    assert ada.post(f"{place}/stop", {}).json["state"] == "stopped"
    undone = ada.post(f"{place}/undo", {})
    assert (undone.status_code, undone.json["kind"], undone.json["total"]) == (200, "undo", 0)
    assert ada.get(place).json["undone_by"] == undone.json["id"]


def test_an_undo_says_what_it_could_not_set_back(ada: Client, engine: Engine) -> None:
    first, second = an_event(), an_event()
    store(engine, first, second)
    job = ada.post(BULK, OPEN | {"confirm": 2}).json["job"]
    ada.post(BULK, {"ids": [str(first.id)], "action": {"labels": {"add": ["mine"]}}, "confirm": 1})
    undone = ada.post(f"/v1/jobs/{job['id']}/undo", {}).json
    assert (undone["total"], undone["changed"], undone["unchanged"]) == (2, 1, 1)
    assert [record_of(engine, one.id).state for one in (first, second)] == ["open", "new"]


def test_what_failed_is_sent_again(ada: Client, engine: Engine) -> None:
    event = an_event()
    store(engine, event)
    tell(engine, a_state(event), a_state(event, channel="webhook"))
    asked = {"q": "is:failed", "action": {"resend": {"channel": "webhook"}}, "confirm": 1}
    job = ada.post(BULK, asked).json["job"]
    assert (job["kind"], job["changed"]) == ("resend", 1)
    assert job["action"] == {"resend": {"channel": "webhook", "states": ["failed", "held"]}}
    assert [(one.channel, one.requested_by) for one in outgoing(engine)] == [("webhook", "ada")]
    assert ada.post(f"/v1/jobs/{job['id']}/undo", {}).status_code == 409


def test_a_channel_may_be_named_as_a_submission_shows_it(ada: Client, engine: Engine) -> None:
    event = an_event()
    store(engine, event)
    tell(engine, a_state(event, channel="confirmation"))
    asked = {"q": "is:failed", "action": {"resend": {"channel": "email"}}, "confirm": 1}
    assert ada.post(BULK, asked).json["job"]["action"]["resend"]["channel"] == "confirmation"
    assert [one.channel for one in outgoing(engine)] == ["confirmation"]


@pytest.mark.parametrize(
    "action",
    [
        {"status": "done"},
        {"starred": False, "spam": True, "assignee": None},
        {"assignee": "ada@example.org", "labels": {"add": ["a", "b"], "remove": ["c"]}},
    ],
)
def test_a_job_shows_its_action_as_it_was_asked_for(ada: Client, action: dict[str, Any]) -> None:
    asked = ada.post(BULK, {"q": ALL, "action": action, "confirm": 0})
    assert asked.json["job"]["action"] == action


def test_nobody_sees_others_jobs_or_changes_others_forms(app: Flask, ada: Client, engine: Engine) -> None:
    store(engine, an_event(form="signup"), an_event(form="contact"))
    job = ada.post(BULK, OPEN | {"confirm": 2}).json["job"]
    bob = client(app, engine, "bob", "read", "write", forms=["contact"])
    for method, path in [("GET", ""), ("POST", "/stop"), ("POST", "/undo")]:
        assert bob.ask(method, f"/v1/jobs/{job['id']}{path}").status_code == 404
        assert ada.ask(method, f"/v1/jobs/{uuid4()}{path}").status_code == 404
    assert bob.post(BULK, OPEN).json["count"] == 1
    reader = client(app, engine, "reader", "read")
    assert reader.post(BULK, OPEN).status_code == 403
    assert client(app, engine, "root", "read", "admin").get("/v1/jobs").json["jobs"] == [job]
    assert client(app, engine, "half", "read", "admin", forms=["contact"]).get("/v1/jobs").json["jobs"] == []


def test_an_admin_undoes_what_an_ended_key_has_done(app: Flask, ada: Client, engine: Engine) -> None:
    event = an_event()
    store(engine, event)
    job = ada.post(BULK, OPEN | {"confirm": 1}).json["job"]["id"]
    Keys(engine).end("ada")
    assert ada.get(f"/v1/jobs/{job}").status_code == 401
    root = client(app, engine, "root", "read", "write", "admin")
    assert root.get(f"/v1/jobs/{job}").json["by"] == "ada"
    assert root.post(f"/v1/jobs/{job}/undo", {}).json["changed"] == 1
    assert record_of(engine, event.id).state == "new"


def test_the_list_of_jobs_has_pages(ada: Client) -> None:
    ids = [ada.post(BULK, OPEN | {"confirm": 0}).json["job"]["id"] for _ in range(3)]
    first = ada.get("/v1/jobs?limit=2").json
    assert [one["id"] for one in first["jobs"]] == ids[:0:-1]
    second = ada.get(f"/v1/jobs?limit=2&cursor={first['next_cursor']}").json
    assert ([one["id"] for one in second["jobs"]], second["next_cursor"]) == ([ids[0]], None)
    assert ada.get("/v1/jobs?cursor=x").status_code == 400


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({}, 422, "action"),
    ({"action": {"status": "open"}}, 422, "q"),
    (OPEN | {"ids": [AN_ID]}, 422, "q"),
    ({"ids": [], "action": {"status": "open"}}, 422, "ids"),
    ({"ids": [AN_ID] * 1001, "action": {"status": "open"}}, 422, "ids"),
    ({"ids": ["x"], "action": {"status": "open"}}, 422, "ids.0"),
    ({"q": "x" * 10_001, "action": {"status": "open"}}, 422, "q"),
    ({"q": "is:nwe", "action": {"status": "open"}}, 400, "q"),
    (OPEN | {"q": ""}, 422, "q"),
    (OPEN | {"q": " "}, 422, "q"),
    ({"q": "", "action": {"status": "done"}, "confirm": 1}, 422, "q"),
    ({"q": "", "action": {}}, 422, "action"),
    ({"q": "", "action": {"status": "spam"}}, 422, "action.status"),
    ({"q": "", "action": {"spam": "yes"}}, 422, "action.spam"),
    ({"q": "", "action": {"labels": {}}}, 422, "action.labels"),
    ({"q": "", "action": {"labels": {"add": ['a "b"']}}}, 422, "action.labels.add"),
    ({"q": "", "action": {"assignee": "nobody"}}, 422, "action.assignee"),
    ({"q": "", "action": {"resend": {}, "status": "open"}}, 422, "action.resend"),
    ({"q": "", "action": {"resend": {"channel": "NO"}}}, 422, "action.resend.channel"),
    ({"q": "", "action": {"resend": {"states": []}}}, 422, "action.resend.states"),
    ({"q": "", "action": {"burn": True}}, 422, "action.burn"),
    ({"q": "", "action": {"erase": "all"}}, 422, "action.erase"),
    ({"q": "", "action": {"erase": True, "spam": True}}, 422, "action.erase"),
    (OPEN | {"confirm": -1}, 422, "confirm"),
    (OPEN | {"confirm": "5"}, 422, "confirm"),
    (OPEN | {"moment": "2026-11-22T12:00:00"}, 422, "moment"),
    (OPEN | {"moment": iso(datetime.now(UTC) + timedelta(days=1))}, 422, "moment"),
    (OPEN | {"moment": iso(datetime.now(UTC) - timedelta(days=31))}, 422, "moment"),
    ({"q": "last:7d", "action": {"status": "open"}, "moment": "0001-01-01T00:00:00+14:00"}, 422, "moment"),
    (OPEN | {"tz": "Nowhere/At"}, 400, "tz"),
    (OPEN | {"more": 1}, 422, "more"),
]


@pytest.mark.parametrize(("body", "status", "field"), WRONG, ids=lambda one: str(one)[:50])
def test_what_is_wrong_is_named(ada: Client, body: dict[str, Any], status: int, field: str) -> None:
    answer = ada.post(BULK, body)
    assert answer.status_code == status, answer.text
    assert field in [error.get("field") for error in answer.json["errors"]], answer.text


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256])
def test_a_key_that_is_none_is_refused(ada: Client, key: str) -> None:
    assert ada.post(BULK, OPEN, Idempotency_Key=key).json["errors"][0]["code"] == "IDEMPOTENCY_KEY"
