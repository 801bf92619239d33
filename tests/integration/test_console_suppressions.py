"""`/v1/suppressions` and the page *Suppression*: addresses that are sent no mail, kept by notify."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from notify_service.suppression.suppression import Suppression
from shared.messaging.topology import NOTIFY_QUERIES
from storage_service.accounts.roles import Grant
from support.console_app import ConsoleApp, a_console
from support.console_pages import Reader, reader
from support.gateway_app import errors_of
from support.shown import words_of
from support.submission_databases import migrated
from support.suppressed import keeping

HER = "grace@example.org"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\u202e\"' onload=x"


@pytest.fixture
def console(tmp_path: Path, sqlite_url: str) -> Iterator[ConsoleApp]:
    with migrated(sqlite_url) as engine:
        yield a_console(engine, tmp_path)


@pytest.fixture
def kept(console: ConsoleApp, tmp_path: Path) -> Iterator[Suppression]:
    with keeping(console, tmp_path) as found:
        yield found


@pytest.fixture
def ada(console: ConsoleApp) -> Reader:
    return reader(console)


def add(console: ConsoleApp, **body: Any) -> Any:
    return console.ask("/v1/suppressions", method="POST", json={"address": HER, **body})


def found(console: ConsoleApp, address: str = HER) -> list[dict[str, Any]]:
    answer = console.ask("/v1/suppressions/find", method="POST", json={"address": address})
    assert answer.status_code == 200, answer.text
    shown: list[dict[str, Any]] = answer.get_json()["suppressions"]
    return shown


def noted(console: ConsoleApp) -> list[tuple[str, str | None]]:
    return [(one.action, one.on) for one in console.parts.audit.page(20) if one.action.startswith("suppression.")]


def test_one_is_added_found_listed_and_taken_back(console: ConsoleApp, kept: Suppression) -> None:
    made = add(console, note="asked on the phone")
    assert made.status_code == 201
    one = made.get_json()
    assert (one["address"], one["form"], one["stops"], one["reason"]) == ("g…@example.org", None, "all", "by-hand")
    assert kept.among([HER], "contact") == {HER: "by-hand"}
    assert add(console).status_code == 200, "it stands there already"
    assert found(console, "GRACE+x@example.org") == [one]
    listed = console.json("/v1/suppressions")
    assert listed == {"suppressions": [one], "next_cursor": None}
    assert console.ask(f"/v1/suppressions/{one['id']}", method="DELETE").status_code == 204
    assert found(console) == []
    again = console.ask(f"/v1/suppressions/{one['id']}", method="DELETE")
    assert (again.status_code, errors_of(again)) == (404, [("NOT_FOUND", None)])


def test_a_form_that_there_is_not_is_refused_and_nothing_is_kept(console: ConsoleApp, kept: Suppression) -> None:
    answer = add(console, form="kontakt")
    assert (answer.status_code, errors_of(answer)) == (422, [("FORM_NOT_FOUND", "form")])
    assert (found(console), kept.why(HER)) == ([], None)
    assert ("suppression.added", None) not in [(action, None) for action, _ in noted(console)]


def test_the_audit_has_a_hash_and_what_may_be_seen_and_no_address(console: ConsoleApp, kept: Suppression) -> None:
    one = add(console, form="signup").get_json()
    found(console)
    console.ask(f"/v1/suppressions/{one['id']}", method="DELETE")
    short = kept.hash_of(HER)[:16]
    assert noted(console) == [
        ("suppression.removed", short),
        ("suppression.find", f"g…@example.org {short}"),
        ("suppression.added", f"g…@example.org {short}"),
    ]


def test_it_is_listed_page_by_page(console: ConsoleApp, kept: Suppression) -> None:
    for n in range(5):
        add(console, address=f"{n}@example.org")
    shown, cursor, pages = [], "", 0
    while cursor is not None:
        page = console.json(f"/v1/suppressions?limit=2{f'&cursor={cursor}' if cursor else ''}")
        shown += [one["address"] for one in page["suppressions"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert (pages, shown) == (3, [f"{n}…@example.org" for n in (4, 3, 2, 1, 0)])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"address": "nobody"}, (422, "EMAIL", "address")),
        ({"address": "a b@example.org"}, (422, "EMAIL", "address")),
        ({"address": ""}, (422, "INVALID", "address")),
        ({"address": f"{'a' * 400}@example.org"}, (422, "INVALID", "address")),
        ({"address": HER, "form": "No Form"}, (422, "INVALID", "form")),
        ({"address": HER, "note": "x" * 501}, (422, "INVALID", "note")),
        ({"address": HER, "more": 1}, (422, "INVALID", "more")),
    ],
)
def test_what_is_wrong_with_a_body_is_named(
    console: ConsoleApp, kept: Suppression, body: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert console.refusal("/v1/suppressions", method="POST", json=body) == expected


def test_a_cursor_or_an_id_of_somebody_else_is_refused(console: ConsoleApp, kept: Suppression) -> None:
    assert console.refusal("/v1/suppressions?cursor=x") == (400, "CURSOR", "cursor")
    for key in ("x", "ab" * 32, f"{'ab' * 32}.some", "x" * 500):
        assert console.refusal(f"/v1/suppressions/{key}", method="DELETE") == (404, "NOT_FOUND", None)


def test_without_notify_or_its_secret_it_says_so(console: ConsoleApp, tmp_path: Path) -> None:
    assert console.refusal("/v1/suppressions")[:2] == (503, "UNAVAILABLE")
    with keeping(console, tmp_path, secret=None):
        status, code, _ = console.refusal("/v1/suppressions", method="POST", json={"address": HER})
        assert (status, code) == (409, "OFF")


def test_a_key_of_some_forms_or_an_editor_sees_nothing_of_it(console: ConsoleApp, kept: Suppression) -> None:
    some = console.key("operate", forms=["signup"])
    assert console.refusal("/v1/suppressions", some)[:2] == (403, "FORMS")
    assert console.ask("/v1/suppressions", console.key("read", "write")).status_code == 403
    editor = reader(console, Grant("editor"))
    assert editor.get("/console/suppression").status_code == 403
    assert "/console/suppression" not in editor.text("/console/deliveries")


def test_the_page_shows_adds_finds_and_takes_back(ada: Reader, kept: Suppression) -> None:
    assert "Nobody is suppressed" in " ".join(words_of(ada.text("/console/suppression")))
    sent = ada.post("/console/suppression/add", {"address": HER, "form": "signup", "note": "asked on the phone"})
    assert sent.status_code == 303
    page = ada.text("/console/suppression")
    words = " ".join(words_of(page))
    for said in ("g…@example.org", "by hand", "mail of Sign up", "asked on the phone", "Take back"):
        assert said in words, said
    assert HER not in page
    one = re.search(r'name="id" value="([^"]+)"', page)
    assert one
    shown = ada.post("/console/suppression/find", {"address": "Grace@Example.org"})
    assert "mail of Sign up" in " ".join(words_of(shown.text))
    assert ada.post("/console/suppression/remove", {"id": one[1]}).status_code == 303
    assert "Nobody is suppressed" in " ".join(words_of(ada.text("/console/suppression")))
    nothing = ada.post("/console/suppression/find", {"address": HER})
    assert "This address is sent mail" in " ".join(words_of(nothing.text))


def test_what_a_mail_server_said_is_shown_harmless(ada: Reader, kept: Suppression) -> None:
    kept.suppress(kept.hash_of(HER), "bounced", NOW, shown=f"g…@{HOSTILE}", said=HOSTILE)
    page = ada.text("/console/suppression")
    assert "<script>alert" not in page
    assert "mail came back" in " ".join(words_of(page))


@pytest.mark.parametrize("address", ["nobody", "", "x" * 400])
def test_what_is_no_address_is_said_with_what_was_typed(ada: Reader, kept: Suppression, address: str) -> None:
    for place in ("find", "add"):
        answer = ada.post(f"/console/suppression/{place}", {"address": address})
        assert answer.status_code == 422
        assert "Expected a mail address" in " ".join(words_of(answer.text))


def test_a_form_that_is_gone_is_not_taken(ada: Reader, kept: Suppression) -> None:
    answer = ada.post("/console/suppression/add", {"address": HER, "form": "gone"})
    assert answer.status_code == 422
    assert kept.table.of_address(kept.hash_of(HER)) == []


def test_one_that_somebody_took_back_already_is_said(ada: Reader, kept: Suppression) -> None:
    assert ada.post("/console/suppression/remove", {"id": f"{'ab' * 32}.all"}).status_code == 303
    assert "taken it back already" in " ".join(words_of(ada.text("/console/suppression")))


def test_without_notify_the_page_says_so(ada: Reader, console: ConsoleApp) -> None:
    assert "does not answer just now" in " ".join(words_of(ada.text("/console/suppression")))
    console.broker.serve(NOTIFY_QUERIES, {"suppressions.list": lambda _: {"error": "off"}})
    assert "no COUNTERFOIL_SECRET" in " ".join(words_of(ada.text("/console/suppression")))
