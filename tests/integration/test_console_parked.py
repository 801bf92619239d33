"""The operator's addresses in the console: a scope of its own, lists of both services, replay and discard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.api_keys import hash_of
from shared.messaging.broker import Answer, Params, QueryMethod
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES
from support.console_app import ALL_KEY, ConsoleApp, a_console
from support.gateway_app import errors_of
from support.submission_databases import migrated

ACTOR = f"key {hash_of(ALL_KEY)[:8]}"
ID = "a" * 32
NOWHERE = "b" * 32


def an_entry(number: int, state: str = "waiting") -> dict[str, Any]:
    return {"id": f"{number:032}", "parked_at": f"2026-11-22T17:03:44.{number:06}Z", "state": state}


class Service:
    """What one service would answer, and what it was asked."""

    def __init__(self, numbers: range) -> None:
        self.entries = [an_entry(number) for number in reversed(numbers)]
        self.asked: list[tuple[str, Params]] = []
        self.problem: str | None = None
        self.state = "waiting"

    def methods(self) -> dict[str, QueryMethod]:
        names = {"list": self._list, "show": self._entry, "discard": self._entry, "replay": self._replay}
        return {f"parked.{name}": self._noting(name, answer) for name, answer in names.items()}

    def _noting(self, name: str, answer: QueryMethod) -> QueryMethod:
        def noted(params: Params) -> Answer:
            self.asked.append((name, params))
            return answer(params)

        return noted

    def _list(self, params: Params) -> Answer:
        if params["cursor"] == "bad":
            return {"error": "cursor"}
        cursor = "more" if len(self.entries) > params["limit"] else None
        return {"parked": self.entries[: params["limit"]], "next_cursor": cursor, "waiting": len(self.entries)}

    def _entry(self, params: Params) -> Answer:
        return {"parked": None if params["id"] == NOWHERE else {**an_entry(1, self.state), "id": params["id"]}}

    def _replay(self, params: Params) -> Answer:
        done = [] if self.problem else list(params.get("ids") or [ID])
        return {"replayed": done, "unknown": [], "problem": self.problem, "remaining": 4}


@pytest.fixture
def console(tmp_path: Path, sqlite_url: str) -> Iterator[ConsoleApp]:
    with migrated(sqlite_url) as engine:
        yield a_console(engine, tmp_path)


@pytest.fixture
def storage(console: ConsoleApp) -> Service:
    service = Service(range(0, 10, 2))
    console.broker.serve(STORAGE_QUERIES, service.methods())
    return service


@pytest.fixture
def notify(console: ConsoleApp) -> Service:
    service = Service(range(1, 10, 2))
    console.broker.serve(NOTIFY_QUERIES, service.methods())
    return service


PLACES = [
    ("GET", "/v1/parked"),
    ("GET", f"/v1/parked/storage/{ID}"),
    ("POST", "/v1/parked/storage/replay"),
    ("POST", f"/v1/parked/storage/{ID}/replay"),
    ("POST", f"/v1/parked/storage/{ID}/discard"),
]


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_only_operators_of_all_forms_do_it(console: ConsoleApp, storage: Service, method: str, path: str) -> None:
    body = {"json": {"all": True, "reason": "r"}} if method == "POST" else {}
    assert console.refusal(path, None, method=method, **body)[:2] == (401, "UNAUTHORIZED")
    reader, limited = console.key("read", "admin"), console.key("operate", forms=["signup"])
    assert console.refusal(path, reader, method=method, **body)[:2] == (403, "SCOPE")
    assert console.refusal(path, limited, method=method, **body)[:2] == (403, "FORMS")
    assert storage.asked == []


def test_a_list_of_both_services_is_one_list(console: ConsoleApp, storage: Service, notify: Service) -> None:
    shown = console.json("/v1/parked?limit=3")
    assert [(one["service"], int(one["id"])) for one in shown["parked"]] == [
        ("notify", 9),
        ("storage", 8),
        ("notify", 7),
    ]
    assert shown["waiting"] == {"storage": 5, "notify": 5}
    assert shown["next_cursor"]
    console.json(f"/v1/parked?limit=3&cursor={shown['next_cursor']}&state=all&reason=x")
    expected = {"state": None, "reason": "x", "limit": 3, "cursor": shown["next_cursor"]}
    assert storage.asked[-1] == notify.asked[-1] == ("list", expected)
    everything = console.json("/v1/parked")
    assert (len(everything["parked"]), everything["next_cursor"]) == (10, None)


def test_a_list_of_one_service_asks_no_other(console: ConsoleApp, storage: Service) -> None:
    assert len(console.json("/v1/parked?service=storage")["parked"]) == 5
    answer = console.ask("/v1/parked")
    assert answer.status_code == 503
    assert "notify" in answer.get_json()["error"]


@pytest.mark.parametrize("query", ["service=gateway", "state=lost", "limit=0", "limit=201", "cursor=bad", "reason=%00"])
def test_what_cannot_be_asked_for_400(console: ConsoleApp, storage: Service, notify: Service, query: str) -> None:
    assert console.ask(f"/v1/parked?{query}").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/v1/parked/gateway/" + ID,
        "/v1/parked/storage/short",
        "/v1/parked/storage/%00" + ID[1:],
        "/v1/parked/storage/" + NOWHERE,
    ],
)
def test_what_is_not_there_404(console: ConsoleApp, storage: Service, path: str) -> None:
    assert console.ask(path).status_code == 404


def test_one_is_replayed_in_the_name_of_its_key(console: ConsoleApp, storage: Service) -> None:
    answer = console.ask(f"/v1/parked/storage/{ID}/replay", method="POST")
    assert (answer.status_code, answer.get_json()["id"], answer.get_json()["service"]) == (200, ID, "storage")
    assert storage.asked[0] == ("replay", {"ids": [ID], "actor": ACTOR})


@pytest.mark.parametrize(
    ("body", "params"),
    [
        ({"ids": [ID]}, {"ids": [ID]}),
        ({"reason": "not JSON"}, {"reason": "not JSON", "limit": 100}),
        ({"all": True}, {"reason": None, "limit": 100}),
    ],
)
def test_many_are_replayed(console: ConsoleApp, storage: Service, body: dict[str, Any], params: dict[str, Any]) -> None:
    answer = console.ask("/v1/parked/storage/replay", method="POST", json=body)
    assert answer.get_json() == {"replayed": 1, "unknown": [], "remaining": 4, "problem": None}
    assert storage.asked == [("replay", {**params, "actor": ACTOR})]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"all": False},
        {"all": 1},
        {"all": {}},
        {"ids": []},
        {"ids": "x"},
        {"ids": [1]},
        {"ids": ["a"] * 101},
        {"reason": ""},
        {"reason": 7, "all": True},
        {"reason": "r", "all": True},
        {"ids": [ID], "all": True},
    ],
)
def test_which_to_replay_has_to_be_said(console: ConsoleApp, storage: Service, body: dict[str, Any]) -> None:
    answer = console.ask("/v1/parked/storage/replay", method="POST", json=body)
    assert (answer.status_code, errors_of(answer)) == (422, [("WHICH", None)])
    assert storage.asked == []


def test_what_the_broker_does_not_take_503(console: ConsoleApp, storage: Service) -> None:
    storage.problem = "not confirmed by the broker: blocked"
    answer = console.ask(f"/v1/parked/storage/{ID}/replay", method="POST")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


def test_one_is_discarded_with_a_reason(console: ConsoleApp, storage: Service) -> None:
    storage.state = "discarded"
    place = f"/v1/parked/storage/{ID}/discard"
    assert console.ask(place, method="POST", json={"reason": " no use "}).status_code == 200
    assert storage.asked == [("discard", {"id": ID, "reason": "no use", "actor": ACTOR})]
    for reason in ("", "  ", "x" * 501, 7, None):
        answer = console.ask(place, method="POST", json={"reason": reason})
        assert (answer.status_code, errors_of(answer)) == (422, [("REASON", "reason")])
    storage.state = "replayed"
    assert console.ask(place, method="POST", json={"reason": "no use"}).status_code == 409


@pytest.mark.parametrize("data", [{"ids": [ID, NOWHERE]}, {"ids[]": [ID, NOWHERE]}])
def test_a_form_says_it_as_well(console: ConsoleApp, storage: Service, data: dict[str, Any]) -> None:
    answer = console.ask("/v1/parked/storage/replay", method="POST", data=data)
    assert answer.status_code == 200
    assert storage.asked == [("replay", {"ids": [ID, NOWHERE], "actor": ACTOR})]
    assert console.ask("/v1/parked/storage/replay", method="POST", data={"all": "true"}).status_code == 200


def test_each_is_in_the_audit(console: ConsoleApp, storage: Service) -> None:
    console.ask(f"/v1/parked/storage/{ID}/replay", method="POST")
    console.ask(f"/v1/parked/storage/{ID}")
    console.ask("/v1/parked/storage/replay", method="POST", json={"ids": [ID]})
    noted = [(one["action"], one["on"], one["count"]) for one in console.json("/v1/audit")["audit"]]
    assert noted == [("parked.replay", "storage", 1), ("parked.read", ID, None), ("parked.replay", ID, None)]
