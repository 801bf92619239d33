"""Sealed fields in the console, on both databases: masked everywhere, opened for owners alone, and noted."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine

from shared.contracts import SubmissionAccepted
from shared.sealing import new_key
from storage_service.accounts.audit import Audit
from storage_service.accounts.roles import Grant
from storage_service.console.downloads import UNSEALED
from storage_service.console.known.unsealed import UNSEAL
from storage_service.sealed import Opening
from storage_service.store.repository import SubmissionRepository
from support.console_app import ConsoleApp, a_console
from support.console_pages import Reader, reader
from support.sealed import CANARY, KEY, a_sealed_event
from support.search_rows import indexed
from support.submission_databases import NOW, migrated, store

LOST = new_key()
FORMATS = ("csv", "ndjson", "json", "xlsx")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path, opening=Opening([KEY]))


@pytest.fixture
def event(engine: Engine) -> SubmissionAccepted:
    made = a_sealed_event({"iban": CANARY, "parts": ["a", CANARY]})
    later = replace(a_sealed_event({"iban": CANARY[::-1]}, id=made.id), fingerprint="1" * 64)
    store(engine, made, a_sealed_event({"iban": CANARY}, key=LOST), a_sealed_event(form="contact"))
    with SubmissionRepository(engine).transaction() as rows:
        rows.keep_conflicts([later], received_at=NOW)
    indexed(engine)
    return made


def noted(engine: Engine) -> list[tuple[str, str, str | None, int | None]]:
    found = Audit(engine).page(100)
    return [(one.by, one.action, one.on, one.count) for one in found if "unseal" in one.action]


def exported(console: ConsoleApp, format: str, key: str, **more: str) -> str:  # noqa: A002
    asked = "&".join(f"{name}={value}" for name, value in {"format": format, **more}.items())
    answer = console.ask(f"/v1/export?{asked}", key)
    assert answer.status_code == 200, answer.text
    if format != "xlsx":
        return answer.text
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0)
    return json.dumps(sheet.to_python(), default=str)


def test_nothing_shows_it_unasked(console: ConsoleApp, event: SubmissionAccepted) -> None:
    key = console.key("read", "write", "export", "admin", "operate", "erase")
    one = console.json(f"/v1/submissions/{event.id}", key)
    assert (one["sealed"], one["field_labels"]["iban"]) == (["iban", "parts"], "Iban")
    assert one["conflicts"][0]["sealed"] == ["iban"]
    assert "iban" not in one["fields"]
    places = ["/v1/submissions", "/v1/forms/signup/submissions", f"/v1/submissions/{event.id}"]
    told = [console.ask(place, key).text for place in places]
    told += [exported(console, one, key) for one in FORMATS]
    pages = [
        f"/console/submissions/{event.id}",
        "/console/inbox?q=",
        "/console/forms/signup",
        "/console/settings/audit",
    ]
    ada = reader(console)
    told += [ada.text(page) for page in pages]
    for text in told:
        assert CANARY not in text
        assert CANARY[::-1] not in text
        assert event.sealed["iban"] not in text


@pytest.mark.parametrize("query", [CANARY, "field.iban:DE*", f'field.iban:"{CANARY}"', "DE0212*"])
def test_no_query_finds_it(console: ConsoleApp, event: SubmissionAccepted, query: str) -> None:
    assert console.json(f"/v1/submissions?q={query}")["submissions"] == []


def test_a_key_with_the_scope_opens_it_and_that_is_noted(
    engine: Engine, console: ConsoleApp, event: SubmissionAccepted
) -> None:
    key = console.key("unseal")
    opened = console.json(f"/v1/submissions/{event.id}/sealed", key)
    assert opened == {
        "fields": {"iban": CANARY, "parts": ["a", CANARY]},
        "locked": [],
        "conflicts": [{"fingerprint": "1" * 64, "fields": {"iban": CANARY[::-1]}, "locked": []}],
    }
    assert noted(engine) == [("key-0", UNSEAL, str(event.id), 3)]


def test_who_may_not_gets_nothing_and_nothing_is_noted(
    engine: Engine, console: ConsoleApp, event: SubmissionAccepted
) -> None:
    path, every = f"/v1/submissions/{event.id}/sealed", ("read", "write", "export", "erase", "operate")
    assert console.refusal(path, console.key(*every))[:2] == (403, "SCOPE")
    assert console.refusal(path, console.key("unseal", forms=["contact"]))[:2] == (404, "SUBMISSION_NOT_FOUND")
    assert console.refusal(path, None)[0] == 401
    assert console.refusal(f"{path}?x=1", console.key("unseal"))[0] == 400
    assert console.refusal("/v1/submissions/7/sealed", console.key("unseal"))[0] == 404
    assert noted(engine) == []


def test_a_lost_key_is_named(engine: Engine, console: ConsoleApp) -> None:
    event = a_sealed_event(key=LOST)
    spoiled = replace(a_sealed_event(), sealed={"iban": a_sealed_event().sealed["iban"], "x": "nonsense"})
    store(engine, event, spoiled)
    opened = console.json(f"/v1/submissions/{event.id}/sealed")
    assert opened["locked"] == [{"name": "iban", "reason": f"the key {LOST.id} is not here", "key": LOST.id}]
    reason = "it was not sealed for this place, or is not whole"
    expected = [{"name": name, "reason": reason, "key": None} for name in ("iban", "x")]
    assert console.json(f"/v1/submissions/{spoiled.id}/sealed")["locked"] == expected
    page = reader(console).post(f"/console/submissions/{event.id}/unseal")
    assert f"the key {LOST.id} is not here" in page.text
    assert "None of the sealed fields can be opened here" in page.text
    assert "shown in the clear" not in page.text


def test_an_owner_opens_it_on_the_page_until_it_is_left(
    engine: Engine, console: ConsoleApp, event: SubmissionAccepted
) -> None:
    ada, path = reader(console, Grant("owner", "signup")), f"/console/submissions/{event.id}"
    assert "Show sealed fields" in ada.text(path)
    opened = ada.post(f"{path}/unseal")
    assert opened.status_code == 200
    assert CANARY in opened.text
    assert "no-store" in opened.headers["Cache-Control"]
    assert CANARY not in ada.text(path)
    assert noted(engine) == [("ada@example.org", UNSEAL, str(event.id), 3)]


@pytest.mark.parametrize(
    ("grant", "status"), [(Grant("editor"), 403), (Grant("viewer", "signup"), 403), (Grant("owner", "contact"), 404)]
)
def test_others_do_not(
    engine: Engine, console: ConsoleApp, event: SubmissionAccepted, grant: Grant, status: int
) -> None:
    somebody, path = reader(console, grant), f"/console/submissions/{event.id}"
    refused = somebody.post(f"{path}/unseal")
    assert (refused.status_code, CANARY in refused.text) == (status, False)
    if status == 403:
        page = somebody.text(path)
        assert "Show sealed fields" not in page
        assert "An owner of this form can open what is sealed." in page
    assert noted(engine) == []


def test_it_is_not_opened_without_a_token_or_by_an_address(console: ConsoleApp, event: SubmissionAccepted) -> None:
    ada, path = reader(console), f"/console/submissions/{event.id}/unseal"
    assert ada.client.post(path).status_code in (400, 403)
    assert ada.get(path).status_code in (404, 405)


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_has_it_with_the_scope_alone(
    engine: Engine,
    console: ConsoleApp,
    event: SubmissionAccepted,
    format: str,  # noqa: A002
) -> None:
    both = console.key("export", "unseal", forms=["signup"])
    assert CANARY not in exported(console, format, both)
    text = exported(console, format, both, unseal="1")
    assert text.count(CANARY) == 2, (
        "one submission of two fields; that of the lost key and the other form are not there"
    )
    assert [(by, action) for by, action, _, _ in noted(engine)] == [("key-0", UNSEALED)]
    for format_of_key in ("export", "unseal"):
        refused = console.ask(f"/v1/export?format={format}&unseal=1", console.key(format_of_key))
        assert (refused.status_code, CANARY in refused.text) == (403, False)


def test_columns_that_are_named_have_it_too(console: ConsoleApp, event: SubmissionAccepted) -> None:
    text = exported(console, "csv", console.key("export", "unseal"), unseal="1", columns="iban,form", q="form:signup")
    lost = f"(sealed: the key {LOST.id} is not here)"
    assert sorted(text.splitlines()) == sorted(["iban,form", f"{lost},signup", f"{CANARY},signup"])
    lines = exported(console, "ndjson", console.key("export", "unseal"), unseal="1", columns="iban", q="form:signup")
    assert {"fields": {"iban": CANARY}} in [json.loads(line) for line in lines.splitlines()]


def test_a_whole_line_says_what_stayed_sealed(console: ConsoleApp, event: SubmissionAccepted) -> None:
    text = exported(console, "ndjson", console.key("export", "unseal"), unseal="1", q="form:signup")
    lines = [json.loads(line) for line in text.splitlines()]
    assert sorted((one["sealed"], one["fields"].get("iban")) for one in lines if "id" in one) == [
        ([], CANARY),
        (["iban"], None),
    ]


def test_an_owner_of_one_form_exports_what_is_sealed_of_that_form(
    console: ConsoleApp, event: SubmissionAccepted
) -> None:
    both: Reader = reader(console, Grant("owner", "contact"), Grant("editor", "signup"))
    assert "Sealed fields in the clear" in both.text("/console/export")
    text = both.text("/console/export/file?format=ndjson&unseal=1")
    found = {one["form"]: one["sealed"] for one in map(json.loads, text.splitlines()) if "id" in one}
    assert found["contact"] == []
    assert found["signup"] != []
    assert "Sealed fields in the clear" not in reader(console, Grant("editor"), email="b@example.org").text(
        "/console/export"
    )
