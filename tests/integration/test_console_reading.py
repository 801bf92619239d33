"""What owners read over the console's API, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from shared.contracts import Control, SubmissionAccepted
from shared.messaging.topology import NOTIFY_QUERIES
from storage_service.accounts.asker import Asker
from storage_service.records import counting
from storage_service.work import Change
from support.console_app import ConsoleApp, a_console
from support.events import an_event
from support.search_rows import indexed
from support.submission_databases import NOW, migrated, store

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path, clock=lambda: LATER)


def at(moment: datetime, **fields: Any) -> SubmissionAccepted:
    return replace(an_event(form=fields.pop("form", "signup"), **fields), accepted_at=moment)


def names(document: dict[str, Any]) -> list[str]:
    return [one["fields"]["name"] for one in document["submissions"]]


def test_pages_both_ways_and_counts(engine: Engine, console: ConsoleApp) -> None:
    store(engine, *(at(NOW + timedelta(seconds=i), name=str(i)) for i in range(5)))
    first = console.json("/v1/submissions?limit=2&count=some")
    assert (names(first), first["count"], first["is_last"]) == (["4", "3"], {"n": 5, "exact": True}, False)
    second = console.json(f"/v1/submissions?limit=2&cursor={first['next_cursor']}")
    assert (names(second), "count" in second) == (["2", "1"], False)
    back = console.json(f"/v1/submissions?limit=2&cursor={second['previous_cursor']}")
    assert names(back) == ["4", "3"]


def test_who_polls_gets_what_came_since(engine: Engine, console: ConsoleApp) -> None:
    store(engine, at(NOW, name="0"), at(NOW, name="1"))
    begun = console.json("/v1/submissions?after=start&limit=1")
    rest = console.json(f"/v1/submissions?after={begun['next_cursor']}")
    assert sorted(names(begun) + names(rest)) == ["0", "1"]
    assert rest["is_last"]
    since = console.json("/v1/submissions?after=now")
    assert (names(since), since["is_last"]) == ([], True)
    assert since["next_cursor"]
    wrong = console.ask("/v1/submissions?after=yesterday").get_json()
    assert wrong["detail"] == "after must be start, now, or next_cursor of an answer, as it was given."


def test_who_has_no_key_and_who_has_a_wrong_one_are_told_so(console: ConsoleApp) -> None:
    told = [console.ask("/v1/submissions", key).get_json()["detail"] for key in (None, "cf_wrong")]
    assert told[0].startswith("A key is needed: send the header Authorization")
    assert told[1].startswith("This key is not known here")


def test_a_query_finds_and_a_wrong_one_says_where(engine: Engine, console: ConsoleApp) -> None:
    store(engine, at(NOW, name="Ada"), at(NOW, name="Bob", form="contact"))
    indexed(engine)
    assert names(console.json("/v1/submissions?q=bob")) == ["Bob"]
    assert names(console.json("/v1/submissions?q=form:signup")) == ["Ada"]
    answer = console.ask("/v1/submissions?q=ada (bob")
    document = answer.get_json()
    assert (answer.status_code, document["errors"][0]["code"], document["errors"][0]["field"]) == (400, "QUERY", "q")
    assert document["place"] == {"offset": 4, "length": 1}
    assert "expected a )" in document["expected"]


def test_days_are_those_of_the_reader(engine: Engine, console: ConsoleApp) -> None:
    store(engine, at(datetime(2026, 11, 20, 23, 30, tzinfo=UTC), name="late"))
    assert names(console.json("/v1/submissions?q=on:2026-11-20")) == ["late"]
    assert names(console.json("/v1/submissions?q=on:2026-11-20&tz=Europe/Berlin")) == []
    assert names(console.json("/v1/submissions?q=on:2026-11-21&tz=Europe/Berlin")) == ["late"]


def test_one_as_it_always_was_and_what_people_did_with_it(engine: Engine, console: ConsoleApp) -> None:
    event = replace(at(NOW, name="Ada", email="ada@example.org"), control=Control())
    store(engine, event)
    delivered = {"channel": "email", "state": "sent", "attempts": 1, "at": "2026-11-22T17:04:00Z"}
    shown: dict[str, Any] = {
        **dict.fromkeys(("destination", "error", "reason", "limit", "next_attempt_at")),
        "tries": [],
    }
    told = {**delivered, **shown, "id": str(uuid4()), "created_at": None, "changed_at": delivered["at"]}
    told.pop("at")
    console.broker.serve(
        NOTIFY_QUERIES,
        {"deliveries": lambda _: {"confirmations": [delivered], "webhooks": [], "parked": {}, "deliveries": [told]}},
    )
    answer = console.ask(f"/v1/submissions/{event.id}")
    document = answer.get_json()
    assert (document["id"], document["fields"], document["form"]) == (str(event.id), event.fields, "signup")
    assert (document["state"], document["confirmations"], document["unknown"]) == ("confirmed", [delivered], [])
    assert document["deliveries"] == [{**told, "parked_at": None}]
    assert (document["status"], document["starred"], document["labels"], document["version"]) == ("new", False, [], 1)
    assert document["field_labels"] == {"name": "Your name", "email": "Email"}
    assert (document["conflicts"], document["notes"], document["trail"]) == ([], [], [])
    assert answer.headers["ETag"] == '"1"'
    read = console.parts.audit.page(1)[0]
    assert (read.action, read.on) == ("submission.read", str(event.id))


def test_without_notify_it_says_what_is_unknown(engine: Engine, console: ConsoleApp) -> None:
    event = at(NOW, name="Ada", email="ada@example.org")
    store(engine, event)
    document = console.json(f"/v1/submissions/{event.id}")
    assert document["unknown"] == ["confirmations", "webhooks", "deliveries"]
    assert (document["state"], [one["state"] for one in document["confirmations"]]) == ("stored", ["unknown"])


def test_what_is_parked_has_failed(engine: Engine, console: ConsoleApp) -> None:
    event = at(NOW, name="Ada", email="ada@example.org")
    store(engine, event)
    since = "2026-11-22T17:05:00.000000Z"
    console.broker.serve(
        NOTIFY_QUERIES,
        {"deliveries": lambda _: {"confirmations": [], "webhooks": [], "parked": {"email": since}, "deliveries": []}},
    )
    document = console.json(f"/v1/submissions/{event.id}")
    assert (document["state"], document["confirmations"][0]["state"]) == ("failed", "failed")


@pytest.mark.parametrize(
    "name", [str(UUID(int=7)), "x", "7" * 5000, "%00", "..", "{00000000-0000-0000-0000-0000000000}"]
)
def test_what_is_no_submission_is_404(console: ConsoleApp, name: str) -> None:
    assert console.refusal(f"/v1/submissions/{name}") == (404, "SUBMISSION_NOT_FOUND", None)


def test_what_is_of_another_form_does_not_exist(engine: Engine, console: ConsoleApp) -> None:
    own, other = at(NOW, name="own"), at(NOW, name="other", form="contact")
    store(engine, own, other)
    key = console.key("read", forms=["signup"])
    assert names(console.json("/v1/submissions?count=all", key)) == ["own"]
    assert names(console.json("/v1/submissions?after=start", key)) == ["own"]
    assert names(console.json("/v1/submissions?q=form:contact", key)) == []
    assert console.ask(f"/v1/submissions/{own.id}", key).status_code == 200
    assert console.refusal(f"/v1/submissions/{other.id}", key) == (404, "SUBMISSION_NOT_FOUND", None)
    assert console.refusal("/v1/forms/contact/submissions", key) == (404, "FORM_NOT_FOUND", None)
    assert [one["name"] for one in console.json("/v1/forms", key)["forms"]] == ["signup"]
    assert sum(one["n"] for one in console.json("/v1/stats", key)["times"]) == 1
    assert console.json("/v1/stats?by=field.name", key)["values"] == [{"value": "own", "n": 1}]


def test_a_forms_list_is_as_the_gateways_was(engine: Engine, console: ConsoleApp) -> None:
    good, spam = at(NOW, name="good"), replace(at(NOW, name="bad"), spam="honeypot")
    store(engine, good, spam, at(NOW, form="gone", name="x"))
    page = console.json("/v1/forms/signup/submissions")
    assert list(page) == ["submissions", "next_cursor"]
    assert names(page) == ["good"]
    assert list(page["submissions"][0]) == [
        *("id", "form", "accepted_at", "stored_at", "fields", "fingerprint", "source", "control", "spam"),
        *("receipt_url", "sealed", "score", "conflict_count", "file_count"),
    ]
    assert names(console.json("/v1/forms/signup/submissions?spam=true&other=ignored")) == ["bad"]
    assert names(console.json("/v1/forms/gone/submissions")) == ["x"]
    assert console.refusal("/v1/forms/never/submissions")[0] == 404
    assert console.json("/v1/forms/closed/submissions")["submissions"] == []
    assert console.refusal("/v1/forms/signup/submissions?cursor=bad") == (400, "CURSOR", "cursor")
    assert console.refusal("/v1/forms/signup/submissions?limit=201") == (400, "LIMIT", "limit")


def test_the_forms_with_their_counts(engine: Engine, console: ConsoleApp) -> None:
    spam = replace(at(NOW, name="bad"), spam="honeypot")
    read = at(NOW, name="read")
    store(engine, spam, read, at(NOW + timedelta(seconds=1), name="new"), at(NOW, form="gone", name="x"))
    console.parts.work.change(read.id, Change(state="done"), Asker("somebody", frozenset({"write"})))
    forms = {one["name"]: one for one in console.json("/v1/forms")["forms"]}
    assert list(forms) == ["closed", "contact", "gone", "signup"]
    assert forms["signup"] == {
        "name": "signup",
        "title": "Sign up",
        "active": True,
        "counts": {"new": 1, "all": 2, "spam": 1, "unconfirmed": 0, "exact": True},
        "last_at": "2026-11-22T18:00:01.000000Z",
        "url": "/f/signup",
    }
    assert (forms["gone"]["active"], forms["gone"]["url"]) == (False, None)
    assert (forms["closed"]["active"], forms["closed"]["last_at"]) == (False, None)


def test_more_new_ones_than_are_counted(engine: Engine, console: ConsoleApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "NEW_MOST", 2)
    store(engine, *(at(NOW + timedelta(seconds=i), name=str(i)) for i in range(5)), at(NOW, form="contact", name="x"))
    forms = {one["name"]: one["counts"] for one in console.json("/v1/forms")["forms"]}
    assert forms["signup"] == {"new": 3, "all": 5, "spam": 0, "unconfirmed": 0, "exact": False}
    own = console.json("/v1/forms", console.key("read", forms=["contact"]))["forms"]
    assert [one["counts"] for one in own] == [{"new": 1, "all": 1, "spam": 0, "unconfirmed": 0, "exact": True}]


def test_counts_by_time_are_those_of_the_readers_zone(engine: Engine, console: ConsoleApp) -> None:
    moments = [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # 02:30 in Berlin, for the first time
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # 02:30 in Berlin, for the second
        datetime(2026, 11, 21, 23, 30, tzinfo=UTC),
        datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    ]
    store(engine, *(at(moment, name=str(i)) for i, moment in enumerate(moments)))
    days = console.json("/v1/stats?by=day&tz=Europe/Berlin")["times"]
    assert days == [{"start": "2026-10-25T00:00:00+02:00", "n": 2}, {"start": "2026-11-22T00:00:00+01:00", "n": 2}]
    assert [one["n"] for one in console.json("/v1/stats")["times"]] == [2, 1, 1]
    hours = console.json("/v1/stats?by=hour&tz=Europe/Berlin")["times"]
    assert [one["start"] for one in hours][:2] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]
    weeks = console.json("/v1/stats?by=week&tz=Europe/Berlin&q=after:2026-11-01")["times"]
    assert weeks == [{"start": "2026-11-16T00:00:00+01:00", "n": 2}]
    quarters = console.json("/v1/stats?by=hour&tz=Asia/Kathmandu&q=on:2026-11-22")["times"]
    assert quarters == [{"start": "2026-11-22T05:00:00+05:45", "n": 1}, {"start": "2026-11-22T15:00:00+05:45", "n": 1}]


def test_counts_by_what_a_field_says(engine: Engine, console: ConsoleApp) -> None:
    odd = 'a "quoted" $.x\\ name'
    store(
        engine,
        *(at(NOW, topic="A fault") for _ in range(3)),
        at(NOW, topic="x" * 500),
        at(NOW, topic=True, **{odd: 7}),
        at(NOW, topic=None),
        at(NOW, topic=["a", "b"]),
        at(NOW),
    )
    found = console.json("/v1/stats?by=field.topic")
    counted = {one["value"]: one["n"] for one in found["values"]}
    assert counted["A fault"] == 3
    assert counted["x" * 200] == 1
    assert counted["true"] == 1
    assert counted[None] == 2
    assert (len(counted), found["others"], found["by"]) == (5, 0, "field.topic")
    answer = console.ask("/v1/stats", query_string={"by": f"field.{odd}"})
    assert {"value": "7", "n": 1} in answer.get_json()["values"]


def test_the_most_frequent_values_and_how_many_others(engine: Engine, console: ConsoleApp) -> None:
    store(engine, *(at(NOW, name=f"{i:03}") for i in range(103)), at(NOW, name="050"))
    found = console.json("/v1/stats?by=field.name")
    assert found["values"][0] == {"value": "050", "n": 2}
    assert (len(found["values"]), found["others"]) == (100, 3)
