"""The owner's reading: keys, pages of submissions, one submission with its state."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.api_keys import hash_of, is_known, new_key
from shared.messaging.broker import Answer, Params
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES
from support.gateway_app import API_KEY, GOOD, Gateway, a_gateway, document_of, errors_of

OWNER = {"Authorization": f"Bearer {API_KEY}"}
ID = str(UUID(int=7))
STORED: dict[str, Any] = {
    "id": ID,
    "form": "signup",
    "accepted_at": "2026-11-22T17:03:44.123456Z",
    "stored_at": "2026-11-22T17:03:45.000000Z",
    "fields": GOOD,
    "fingerprint": "f",
    "source": {},
    "control": {"subject": None, "reply_to": None},
    "conflicts": [],
}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


@pytest.fixture
def asked(gateway: Gateway) -> list[Params]:
    seen: list[Params] = []

    def listed(params: Params) -> Answer:
        seen.append(params)
        return {"error": "cursor"} if params["cursor"] == "bad" else {"submissions": [STORED], "next_cursor": "c2"}

    def shown(params: Params) -> Answer:
        seen.append(params)
        return {"submission": STORED if params["id"] == ID else None}

    gateway.broker.serve(STORAGE_QUERIES, {"list": listed, "submission": shown})
    return seen


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " bearer", "bEaReR "])
def test_the_scheme_of_a_key_is_taken_in_any_case(gateway: Gateway, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {API_KEY}"}
    assert gateway.client.get("/v1/forms/signup/submissions", headers=headers).status_code != 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": API_KEY},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer cf_wrong"},
        {"Authorization": f"Basic {API_KEY}"},
        {"Authorization": f"Bearer {hash_of(API_KEY)}"},
        {"Authorization": f"Bearer{API_KEY}"},
        {"Authorization": f"Bearers {API_KEY}"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/forms/signup/submissions", f"/v1/submissions/{ID}", "/v1/forms/no/submissions"])
def test_without_a_key_401(gateway: Gateway, asked: list[Params], headers: dict[str, str], path: str) -> None:
    answer = gateway.client.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert asked == []


def test_a_gateway_without_keys_lets_nobody_in(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, api_key_hashes=())
    assert gateway.client.get(f"/v1/submissions/{ID}", headers=OWNER).status_code == 401


def test_each_of_several_keys_is_known() -> None:
    keys = [new_key() for _ in range(3)]
    hashes = [hash_of(key) for key in keys]
    assert all(is_known(key, hashes) for key in keys)
    assert not is_known(new_key(), hashes)


def test_a_page_of_submissions(gateway: Gateway, asked: list[Params]) -> None:
    answer = gateway.client.get("/v1/forms/signup/submissions?limit=7&cursor=c1", headers=OWNER)
    assert answer.status_code == 200
    assert document_of(answer) == {"submissions": [STORED], "next_cursor": "c2"}
    assert asked == [{"form": "signup", "limit": 7, "cursor": "c1", "spam": False}]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "", "٣", "9" * 5000, "0000000050999"])
def test_a_bad_limit_is_400(gateway: Gateway, asked: list[Params], limit: str) -> None:
    answer = gateway.client.get("/v1/forms/signup/submissions", query_string={"limit": limit}, headers=OWNER)
    assert answer.status_code == 400
    assert errors_of(answer) == [("LIMIT", "limit")]


def test_spam_is_listed_where_it_is_asked_for(gateway: Gateway, asked: list[Params]) -> None:
    for said, wanted in (("?spam=true", True), ("?spam=false", False), ("", False)):
        assert gateway.client.get(f"/v1/forms/signup/submissions{said}", headers=OWNER).status_code == 200
        assert asked.pop()["spam"] is wanted
    answer = gateway.client.get("/v1/forms/signup/submissions?spam=yes", headers=OWNER)
    assert (answer.status_code, errors_of(answer)) == (400, [("SPAM", "spam")])


def test_of_spam_no_confirmation_is_due(gateway: Gateway) -> None:
    gateway.broker.serve(STORAGE_QUERIES, {"submission": lambda _: {"submission": {**STORED, "spam": "honeypot"}}})
    document = document_of(gateway.client.get(f"/v1/submissions/{ID}", headers=OWNER))
    assert (document["spam"], document["state"], document["confirmations"]) == ("honeypot", "stored", [])


def test_a_bad_cursor_is_400(gateway: Gateway, asked: list[Params]) -> None:
    answer = gateway.client.get("/v1/forms/signup/submissions?cursor=bad", headers=OWNER)
    assert answer.status_code == 400
    assert errors_of(answer) == [("CURSOR", "cursor")]


@pytest.mark.parametrize(
    ("confirmations", "state"),
    [
        ([{"channel": "email", "state": "sent", "attempts": 1, "at": None}], "confirmed"),
        ([{"channel": "email", "state": "failed", "attempts": 3, "at": None}], "failed"),
        ([{"channel": "email", "state": "held", "attempts": 0, "at": None, "limit": "source"}], "stored"),
        ([], "stored"),
        (None, "stored"),
    ],
)
def test_one_submission_with_its_state(
    gateway: Gateway, asked: list[Params], confirmations: list[Any] | None, state: str
) -> None:
    if confirmations is not None:
        gateway.broker.serve(NOTIFY_QUERIES, {"deliveries": lambda _: {"confirmations": confirmations}})
    document = document_of(gateway.client.get(f"/v1/submissions/{ID}", headers=OWNER))
    assert document["state"] == state
    assert document["fields"] == GOOD
    expected = confirmations or [
        {"channel": "email", "state": "unknown" if confirmations is None else "pending", "attempts": 0, "at": None}
    ]
    assert document["confirmations"] == expected


@pytest.mark.parametrize("name", [str(UUID(int=8)), "not-an-id"])
def test_a_submission_that_is_not_there_is_404(gateway: Gateway, asked: list[Params], name: str) -> None:
    answer = gateway.client.get(f"/v1/submissions/{name}", headers=OWNER)
    assert answer.status_code == 404
    assert errors_of(answer) == [("SUBMISSION_NOT_FOUND", None)]


def test_a_form_that_is_no_longer_defined_is_answered_by_what_it_has_taken(
    gateway: Gateway, asked: list[Params]
) -> None:
    answer = gateway.client.get("/v1/forms/gone/submissions?limit=2", headers=OWNER)
    assert document_of(answer) == {"submissions": [STORED], "next_cursor": "c2"}
    assert asked == [{"form": "gone", "limit": 2, "cursor": None, "spam": False}]


@pytest.mark.parametrize(
    ("address", "status"),
    [("no", 404), ("signup", 200), ("no/../x", 404), ("%20", 404), ("no?cursor=of-a-last-page", 200)],
)
def test_a_form_that_is_neither_defined_nor_has_taken_anything_is_404(
    gateway: Gateway, address: str, status: int
) -> None:
    gateway.broker.serve(STORAGE_QUERIES, {"list": lambda _params: {"submissions": [], "next_cursor": None}})
    name, _, query = address.partition("?")
    answer = gateway.client.get(f"/v1/forms/{name}/submissions?{query}", headers=OWNER)
    assert answer.status_code == status
    if status == 200:
        assert document_of(answer)["submissions"] == []


@pytest.mark.parametrize("path", ["/v1/forms/signup/submissions", f"/v1/submissions/{ID}"])
def test_without_storage_503(gateway: Gateway, path: str) -> None:
    answer = gateway.client.get(path, headers=OWNER)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_a_storage_that_fails_is_503(gateway: Gateway) -> None:
    def broken(_params: Params) -> Answer:
        raise RuntimeError

    gateway.broker.serve(STORAGE_QUERIES, {"list": broken})
    assert gateway.client.get("/v1/forms/signup/submissions", headers=OWNER).status_code == 503
