"""`python -m notify_service plan`: who would be told, and why; nothing is sent, and no server is needed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from notify_service.commands.plan import plan
from notify_service.commands.terminal import Refused
from shared.forms import FormsError

FORMS = """
[forms.contact]
honeypot = "leave_empty"
[forms.contact.fields]
email = {type = "email"}
topic = {type = "choice", choices = ["A fault", "An order"]}
amount = {type = "number"}
[forms.contact.owner]
to = ["me@example.org"]
[forms.contact.webhook]
url = "https://all.example.org/T0/secret"
secret_file = "missing"
[[forms.contact.webhooks]]
name = "tickets"
url = "https://tickets.example.org/T1/secret"
secret_file = "missing"
[[forms.contact.webhooks]]
name = "old"
url = "https://old.example.org/"
secret_file = "missing"
enabled = false
[[forms.contact.route]]
when = 'field.topic:"A fault"'
owner = ["support@example.org"]
channels = ["webhook:tickets"]
instead = true
[[forms.contact.route]]
when = "field.amount:>1000"
owner = ["sales@example.org"]

[forms.quiet]
active = false
confirmation.enabled = false
"""


@pytest.fixture(autouse=True)
def _installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "forms.toml").write_text(FORMS)
    monkeypatch.setenv("COUNTERFOIL_FORMS", str(tmp_path))
    monkeypatch.setenv("COUNTERFOIL_FORM_SECRETS", str(tmp_path))


def planned(capsys: pytest.CaptureFixture[str], *arguments: str, form: str = "contact") -> Any:
    assert plan(["--form", form, "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def lines(document: Any, key: str) -> list[tuple[str, str, str]]:
    return [(one["channel"], one["to"], one["because"]) for one in document[key]]


def test_a_route_that_matches_and_one_that_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    found = planned(capsys, "--fields", '{"topic": "A fault", "email": "ada@example.org"}')
    assert lines(found, "told") == [
        ("confirmation", "ada@example.org", "the address that was submitted"),
        ("owner", "support@example.org", "route 1"),
        ("webhook:tickets", "tickets (tickets.example.org)", "route 1"),
    ]
    assert lines(found, "not_told") == [
        ("owner", "me@example.org", "route 1 is told instead"),
        ("owner", "sales@example.org", "route 2 would tell it, and does not match"),
        ("webhook:owner", "all.example.org", "route 1 is told instead"),
        ("webhook:old", "", "switched off in [[forms.contact.webhooks]]"),
    ]
    assert [(one["number"], one["line"], one["matches"]) for one in found["routes"]] == [(1, 22, True), (2, 27, False)]
    assert found["told"][2]["waits"] == "the file cannot be read: No such file or directory"
    assert found["notes"] == []


def test_what_nobody_routes_is_told_as_the_form_says(capsys: pytest.CaptureFixture[str]) -> None:
    found = planned(capsys, "--fields", '{"topic": "An order", "typo": 1}', "--from", "bob@example.org")
    assert lines(found, "told") == [
        ("confirmation", "bob@example.org", "the address that was submitted"),
        ("owner", "me@example.org", "[forms.contact.owner]"),
        ("webhook:owner", "all.example.org", "[forms.contact.webhook]"),
    ]
    untold = lines(found, "not_told")
    tickets = ("webhook:tickets", "tickets (tickets.example.org)", "told by route 1 alone, which does not match")
    assert tickets in untold
    assert found["notes"] == ["The form has no field of these names: 'typo'."]


def test_nobody_is_told_of_spam(capsys: pytest.CaptureFixture[str]) -> None:
    found = planned(capsys, "--fields", '{"topic": "A fault", "leave_empty": "buy", "email": "ada@example.org"}')
    assert found["spam"] == "honeypot"
    assert found["told"] == []
    assert ("confirmation", "ada@example.org", "spam: nobody is told") in lines(found, "not_told")


def test_why_there_is_no_mail(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = planned(capsys, form="quiet")
    assert lines(found, "not_told") == [
        ("confirmation", "", "switched off in [forms.quiet.confirmation]"),
        ("owner", "", "no address: [forms.quiet.owner] has no to, and COUNTERFOIL_OWNER_MAIL is not set"),
    ]
    assert found["notes"] == ["The form is not active: its gateway takes nothing."]
    monkeypatch.setenv("COUNTERFOIL_OWNER_MAIL", "info@example.org")
    assert lines(planned(capsys, form="quiet"), "told") == [("owner", "info@example.org", "COUNTERFOIL_OWNER_MAIL")]
    no_address = [line for line in lines(planned(capsys), "not_told") if line[0] == "confirmation"]
    assert no_address == [("confirmation", "", "no address was submitted: neither _replyto nor a field email")]


def test_the_page_for_a_person_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(["--form", "contact", "--fields", '{"topic": "A fault"}']) == 0
    page = capsys.readouterr().out
    assert page.startswith("contact: 2 deliveries\n")
    assert "support@example.org" in page
    assert "route 1; it waits for its secret: the file cannot be read" in page
    assert 'matches         line 22: field.topic:"A fault"' in page
    assert "does not match  line 27: field.amount:>1000" in page
    assert page.endswith("Nothing was sent. Whether the form takes these fields was not checked.\n")
    assert "T0/secret" not in page


def test_fields_come_from_a_file_and_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fields.json").write_text('{"topic": "A fault"}')
    from_file = planned(capsys, "--fields", f"@{tmp_path / 'fields.json'}")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"topic": "A fault"}')))
    assert planned(capsys, "--fields", "-") == from_file
    assert from_file["routes"][0]["matches"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--form", "contcat"], "has no form 'contcat'; it has: contact, quiet"),
        (
            ["--form", "contact", "--fields", "{"],
            "--fields: not JSON: .* at line 1, column 2; expected an object such as",
        ),
        (["--form", "contact", "--fields", "[1]"], "--fields: expected an object such as"),
        (["--form", "contact", "--fields", '{"a": 1, "a": 2}'], "--fields: .*twice|--fields: .*more than once"),
        (["--form", "contact", "--fields", "@/nowhere.json"], "--fields: /nowhere.json cannot be read: No such file"),
        (["--form", "contact", "--fields", "\udcff"], "--fields: not UTF-8"),
        (["--form", "contact", "--from", "Ada <ada@example.org>"], "--from: expected an address alone"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(arguments: list[str], says: str) -> None:
    with pytest.raises(Refused, match=says):
        plan(arguments)


def test_a_file_with_an_error_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "forms.toml").write_text('[forms.a]\n[[forms.a.route]]\nwhen = "is:new"\nowner = ["a@example.org"]')
    with pytest.raises(FormsError, match=r"forms.toml:3: forms.a.route.0.when: at character 1: is: cannot be answered"):
        plan(["--form", "a"])
