"""The page *Parked messages*: of both services, for operators; shown harmless, replayed, discarded with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from shared.messaging.broker import Answer, Params
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES
from storage_service.accounts.roles import Grant
from support.console_app import ConsoleApp, a_console
from support.console_pages import Reader, reader
from support.parked_entries import parked_entry
from support.shown import words_of
from support.submission_databases import migrated
from support.tags import Tags

ID, NOWHERE = "a" * 32, "b" * 32
HOSTILE = "<script>alert(1)</script>\u202e\x1b[2J\"' onload=x"


class Service:
    """What one service would answer, and what it was asked."""

    def __init__(self, console: ConsoleApp, queue: str, *entries: dict[str, Any]) -> None:
        self.entries = {one["id"]: one for one in entries}
        self.asked: list[tuple[str, Params]] = []
        self.done: Answer = {"replayed": [ID], "unknown": [], "problem": None, "remaining": 4}
        names = {"list": self._list, "show": self._show, "replay": self._replay, "discard": self._discard}
        console.broker.serve(queue, {f"parked.{name}": answer for name, answer in names.items()})

    def _list(self, params: Params) -> Answer:
        self.asked.append(("list", params))
        if params["cursor"] == "bad":
            return {"error": "cursor"}
        shown = [one for one in self.entries.values() if params["state"] in (None, one["state"])]
        return {"parked": shown, "next_cursor": None, "waiting": len(shown)}

    def _show(self, params: Params) -> Answer:
        return {"parked": self.entries.get(params["id"])}

    def _replay(self, params: Params) -> Answer:
        self.asked.append(("replay", params))
        return self.done

    def _discard(self, params: Params) -> Answer:
        self.asked.append(("discard", params))
        found = self.entries.get(params["id"])
        if found is not None:
            found |= {"state": "discarded", "note": params["reason"]}
        return {"parked": found}


@pytest.fixture
def console(tmp_path: Path, sqlite_url: str) -> Iterator[ConsoleApp]:
    with migrated(sqlite_url) as engine:
        yield a_console(engine, tmp_path)


@pytest.fixture
def ada(console: ConsoleApp) -> Reader:
    return reader(console)


@pytest.fixture
def storage(console: ConsoleApp) -> Service:
    return Service(console, STORAGE_QUERIES, parked_entry(ID))


@pytest.fixture
def notify(console: ConsoleApp) -> Service:
    return Service(console, NOTIFY_QUERIES, parked_entry("c" * 32, reason="the form is unknown"))


def words(page: str) -> str:
    return " ".join(words_of(page))


def chosen(page: str) -> list[str | None]:
    return [one.get("value") for tag, one in Tags(page).found if one.get("name") == "message"]


def test_what_waits_in_both_services_is_listed_with_its_reason(ada: Reader, storage: Service, notify: Service) -> None:
    page = ada.text("/console/parked")
    assert set(chosen(page)) == {f"storage:{ID}", f"notify:{'c' * 32}"}
    for said in (
        "not UTF-8 at byte 3",
        "the form is unknown",
        "submission.accepted.v1",
        "1.2 kB",
        "Replay all of storage",
    ):
        assert said in words(page), said


def test_a_service_that_is_away_is_named_and_the_others_are_shown(ada: Reader, storage: Service) -> None:
    page = ada.text("/console/parked")
    assert chosen(page) == [f"storage:{ID}"]
    assert "The notify service does not answer just now" in page


def test_filters_stand_in_the_address(ada: Reader, storage: Service, notify: Service) -> None:
    ada.text("/console/parked?service=storage&state=all&reason=UTF")
    assert notify.asked == []
    [(_, params)] = storage.asked
    assert (params["state"], params["reason"]) == (None, "UTF")
    for query in ("service=x", "state=x", "x=1", "cursor=bad", f"reason={'x' * 501}"):
        assert ada.get(f"/console/parked?{query}").status_code == 400, query


def test_nothing_parked_is_how_it_should_be(ada: Reader, console: ConsoleApp) -> None:
    Service(console, STORAGE_QUERIES), Service(console, NOTIFY_QUERIES)
    assert "Nothing is parked" in ada.text("/console/parked")
    assert "Nothing of this kind" in ada.text("/console/parked?state=all")


def test_one_is_shown_with_its_content_and_what_happened(ada: Reader, storage: Service, console: ConsoleApp) -> None:
    page = ada.text(f"/console/parked/storage/{ID}")
    for said in ("not UTF-8 at byte 3", "counterfoil.storage", '"form": "signup"', "x-reason", "What happened"):
        assert said in words(page), said
    assert ("parked.read", ID) in [(one.action, one.on) for one in console.parts.audit.page(5)]


@pytest.mark.parametrize("place", [f"storage/{NOWHERE}", "storage/x", f"nobody/{ID}", f"storage/{ID}0", "storage/%00"])
def test_what_is_not_there_is_not_found(ada: Reader, storage: Service, place: str) -> None:
    assert ada.get(f"/console/parked/{place}").status_code == 404
    assert ada.post(f"/console/parked/{place}/discard", {"reason": "r"}).status_code == 404


@pytest.mark.parametrize(
    "entry",
    [
        parked_entry(ID, type=HOSTILE, reason=HOSTILE, message_id=HOSTILE, note=HOSTILE, headers={HOSTILE: HOSTILE}),
        parked_entry(ID, encoding="text", content=HOSTILE * 50),
        parked_entry(ID, encoding="json", content={HOSTILE: [HOSTILE, None, 1.5]}),
        parked_entry(ID, encoding="base64", content="PHNjcmlwdD4=" * 20_000, truncated=True),
        parked_entry(ID, type="", message_id="", actions=[]),
    ],
)
def test_whatever_came_is_text_that_controls_nothing(ada: Reader, storage: Service, entry: dict[str, Any]) -> None:
    storage.entries = {ID: entry}
    for path in ("/console/parked", f"/console/parked/storage/{ID}"):
        page = ada.text(path)
        tags = Tags(page).found
        assert not [one for tag, one in tags if tag == "script" and "src" not in one]
        assert not [one for _, one in tags if "onload" in one]
        assert not {"\u202e", "\x1b"} & set(unescape(page))
        assert len(page) < 200_000


def test_a_long_content_is_shown_to_its_first_part(ada: Reader, storage: Service) -> None:
    storage.entries = {ID: parked_entry(ID, encoding="text", content="x" * 100_000)}
    page = ada.text(f"/console/parked/storage/{ID}")
    assert "parked show --body" in page
    assert page.count("x") < 70_000


def test_one_is_replayed(ada: Reader, storage: Service) -> None:
    answer = ada.post(f"/console/parked/storage/{ID}/replay")
    assert (answer.status_code, answer.location) == (303, f"/console/parked/storage/{ID}")
    assert storage.asked == [("replay", {"ids": [ID], "actor": "ada@example.org"})]
    assert "on its queue again" in ada.text(answer.location)


def test_some_are_replayed_and_the_list_is_as_it_was(ada: Reader, storage: Service, notify: Service) -> None:
    sent = {"message": [f"storage:{ID}", f"notify:{'c' * 32}"], "state": "all"}
    answer = ada.post("/console/parked/replay", sent)
    assert answer.location == "/console/parked?state=all"
    assert [params["ids"] for _, params in (*storage.asked, *notify.asked)] == [[ID], ["c" * 32]]


def test_all_that_wait_with_a_reason_are_replayed(ada: Reader, storage: Service) -> None:
    ada.post("/console/parked/replay", {"all": "storage", "reason": "UTF"})
    [(_, params)] = storage.asked
    assert (params["reason"], params["limit"], params["actor"]) == ("UTF", 100, "ada@example.org")
    assert "4 more wait: replay again." in ada.text("/console/parked")


def test_a_replay_that_stopped_is_told(ada: Reader, storage: Service) -> None:
    storage.done |= {"problem": "not confirmed"}
    ada.post("/console/parked/replay", {"all": "storage"})
    assert "It stopped before the end: not confirmed" in ada.text("/console/parked")
    storage.done |= {"replayed": []}
    assert ada.post("/console/parked/replay", {"all": "storage"}).status_code == 503


@pytest.mark.parametrize("said", [["x"], ["storage:x"], [f"nobody:{ID}"], [f"storage:{ID}"] * 101])
def test_what_is_no_message_is_refused(ada: Reader, storage: Service, said: list[str]) -> None:
    assert ada.post("/console/parked/replay", {"message": said}).status_code == 422
    assert storage.asked == []


def test_nothing_chosen_is_said(ada: Reader, storage: Service) -> None:
    ada.post("/console/parked/replay", {})
    assert "Nothing was chosen" in ada.text("/console/parked")


def test_one_is_discarded_with_a_reason_and_not_without(ada: Reader, storage: Service) -> None:
    place = f"/console/parked/storage/{ID}"
    for reason in ("", "  ", "x" * 501):
        answer = ada.post(f"{place}/discard", {"reason": reason})
        assert answer.status_code == 422
        assert "Say why" in answer.text
        assert reason.strip() in answer.text, "what was typed is still there"
    assert storage.asked == []
    answer = ada.post(f"{place}/discard", {"reason": " no use "})
    assert answer.location == place
    assert storage.asked == [("discard", {"id": ID, "reason": "no use", "actor": "ada@example.org"})]
    page = ada.text(place)
    assert "no use" in page
    assert "Or discard it" not in page


@pytest.mark.parametrize("grant", [Grant("editor"), Grant("viewer"), Grant("owner", "signup")], ids=str)
def test_only_owners_of_the_installation_see_it(console: ConsoleApp, storage: Service, grant: Grant) -> None:
    bob = reader(console, grant, email="bob@example.org")
    assert bob.get("/console/parked").status_code == 403
    assert bob.get(f"/console/parked/storage/{ID}").status_code == 403
    assert bob.post(f"/console/parked/storage/{ID}/replay").status_code == 403
    assert "/console/parked" not in bob.text("/console/deliveries")
    assert storage.asked == []


def test_the_pages_lead_to_each_other(ada: Reader, storage: Service) -> None:
    assert re.search(r'href="/console/parked"', ada.text("/console/deliveries"))
    assert re.search(r'href="/console/deliveries"', ada.text("/console/parked"))
