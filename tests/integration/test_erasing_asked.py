"""Erasing over the API: one by `DELETE`, many by a confirmed job. What is erased is as if it had never been."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from shared.contracts import SubmissionAccepted
from support.console_app import ConsoleApp, a_console
from support.erasures import CANARY, kept_everywhere, places_of
from support.events import an_event
from support.submission_databases import migrated, store


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path)


@pytest.fixture
def event(engine: Engine) -> SubmissionAccepted:
    made = an_event(email="ada@example.org")
    store(engine, made)
    return made


def erased(console: ConsoleApp, key: UUID, **options: Any) -> tuple[int, Any]:
    answer = console.ask(f"/v1/submissions/{key}", method="DELETE", **options)
    return answer.status_code, answer.get_json(silent=True)


def bulk(console: ConsoleApp, key: str | None = None, **body: Any) -> tuple[int, Any]:
    given = {} if key is None else {"key": key}
    answer = console.ask("/v1/submissions/bulk", method="POST", json={"action": {"erase": True}, **body}, **given)
    return answer.status_code, answer.get_json()


def audited(console: ConsoleApp) -> list[tuple[str, str | None, int | None]]:
    return [(one.action, one.on, one.count) for one in console.parts.audit.page(10)]


def test_one_is_erased_from_every_place_and_is_gone(engine: Engine, console: ConsoleApp) -> None:
    event = kept_everywhere(engine)
    answer = console.ask(f"/v1/submissions/{event.id}", method="DELETE")
    assert (answer.status_code, answer.get_data(), answer.headers["Cache-Control"]) == (204, b"", "no-store")
    assert places_of(engine, CANARY) == set()
    for method in ("GET", "DELETE"):
        assert console.refusal(f"/v1/submissions/{event.id}", method=method)[:2] == (404, "SUBMISSION_NOT_FOUND")
    assert console.json(f"/v1/submissions?q={CANARY}")["submissions"] == []
    assert audited(console)[0] == ("submission.erase", str(event.id), None)


def test_it_is_erased_as_it_was_seen(console: ConsoleApp, event: SubmissionAccepted) -> None:
    console.ask(f"/v1/submissions/{event.id}", method="PATCH", json={"starred": True})
    status, problem = erased(console, event.id, headers={"If-Match": '"1"'})
    assert (status, problem["errors"][0]["code"], problem["current"]["starred"]) == (409, "OUTDATED", True)
    assert erased(console, event.id, headers={"If-Match": "nonsense"})[0] == 400
    assert erased(console, event.id, headers={"If-Match": '"2"'})[0] == 204


def test_a_key_that_may_not_read_is_not_told_how_it_is_by_now(console: ConsoleApp, event: SubmissionAccepted) -> None:
    key = console.key("erase")
    answer = console.ask(f"/v1/submissions/{event.id}", key, method="DELETE", headers={"If-Match": '"7"'})
    problem = answer.get_json()
    assert (answer.status_code, problem["errors"][0]["code"]) == (409, "OUTDATED")
    assert "current" not in problem
    assert "ada@example.org" not in answer.get_data(as_text=True)


def test_what_is_not_there_is_404_and_so_is_what_is_of_another_form(
    console: ConsoleApp, event: SubmissionAccepted
) -> None:
    key = console.key("erase", forms=["contact"])
    assert console.refusal(f"/v1/submissions/{event.id}", key, method="DELETE")[0] == 404
    for odd in (uuid4(), "x", "%00", "1" * 1000):
        assert console.refusal(f"/v1/submissions/{odd}", method="DELETE")[0] == 404
    assert erased(console, event.id)[0] == 204


def test_many_are_counted_first_and_erased_when_that_is_confirmed(engine: Engine, console: ConsoleApp) -> None:
    events = [an_event(form="contact") for _ in range(3)]
    store(engine, *events, an_event(form="signup"))
    status, counted = bulk(console, q="form:contact")
    assert (status, counted["count"], counted["job"]) == (200, 3, None)
    assert bulk(console, q="form:contact", confirm=2)[0] == 409
    status, done = bulk(console, q="form:contact", confirm=3, moment=counted["moment"])
    job = done["job"]
    assert (status, job["kind"], job["action"], job["state"]) == (200, "erase", {"erase": True}, "done")
    assert (job["total"], job["changed"], job["failed"]) == (3, 3, 0)
    assert [one["form"] for one in console.json("/v1/submissions")["submissions"]] == ["signup"]
    assert ("job.erase", f"job {job['id']}", 3) in audited(console)


def test_what_was_erased_cannot_be_brought_back(console: ConsoleApp, event: SubmissionAccepted) -> None:
    console.ask(f"/v1/submissions/{event.id}", method="PATCH", json={"starred": True})
    _, done = bulk(console, ids=[str(event.id)], confirm=1)
    refusal = console.ask(f"/v1/jobs/{done['job']['id']}/undo", method="POST").get_json()
    assert (refusal["status"], refusal["errors"][0]["code"]) == (409, "UNFIT")
    assert "cannot be brought back" in refusal["detail"]


def test_to_erase_many_a_key_needs_both_scopes(console: ConsoleApp, event: SubmissionAccepted) -> None:
    for scopes, needed in ((("write",), "erase"), (("erase",), "write")):
        status, problem = bulk(console, console.key(*scopes), ids=[str(event.id)])
        assert (status, problem["errors"][0]["code"]) == (403, "SCOPE")
        assert f"scope {needed} " in problem["detail"]
    assert bulk(console, console.key("write", "erase"), ids=[str(event.id)])[1]["count"] == 1
    others = console.key("write", "erase", forms=["contact"])
    assert bulk(console, others, ids=[str(event.id)])[1]["count"] == 0


@pytest.mark.parametrize(
    "action",
    [
        {"erase": False},
        {"erase": "yes"},
        {"erase": 1},
        {"erase": None},
        {"erase": True, "starred": True},
        {"erase": {}},
    ],
)
def test_an_action_that_is_not_quite_clear_erases_nothing(
    console: ConsoleApp, event: SubmissionAccepted, action: Any
) -> None:
    assert bulk(console, ids=[str(event.id)], confirm=1, action=action)[0] == 422
    assert console.json(f"/v1/submissions/{event.id}")["id"] == str(event.id)
