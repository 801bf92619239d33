"""The button of double opt-in at the gateway: looking confirms nothing, pressing is published, and a page says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from gateway.opt_in.words import WORDS
from gateway.pages.languages import LANGUAGES
from gateway.receipts.tokens import Tokens
from shared.contracts import SubmissionAccepted, SubmissionOptedIn, decode
from shared.links.opt_in import OptInLink, OptInLinks
from shared.messaging.topology import NOTIFY_SUBMISSIONS, STORAGE, STORAGE_OPT_INS
from support.gateway_app import SECRET, Gateway, Receipts, a_gateway, document_of, errors_of
from support.opt_in import FORMS, LINK, SOON, WAITING, link_path, stored
from support.receipts import AT, PAGE

ADA = {"name": "Ada Lovelace", "email": "ada@example.org"}
ELSEWHERE = "the secret of another installation, as long as this one's"


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS, clock=lambda: SOON)


@pytest.fixture
def told(gateway: Gateway) -> Receipts:
    receipts = Receipts(stored())
    receipts.serve(gateway.broker)
    return receipts


def pressed(gateway: Gateway) -> list[SubmissionOptedIn]:
    queued = gateway.broker.queued(STORAGE_OPT_INS.name)
    return [decode(message.body, type=message.type, types=(SubmissionOptedIn,)) for message in queued]


# what is accepted


def accepted(gateway: Gateway) -> SubmissionAccepted:
    (message,) = gateway.broker.queued(STORAGE.name)
    (copy,) = gateway.broker.queued(NOTIFY_SUBMISSIONS.name)
    assert message.type == copy.type
    return decode(message.body, type=message.type, types=(SubmissionAccepted,))


def test_what_a_form_with_opt_in_takes_waits(gateway: Gateway) -> None:
    url = gateway.submitted(values=ADA)["receipt_url"]
    event = accepted(gateway)
    assert (event.opt_in, event.type) == (True, "submission.accepted.v3")
    ticket = Tokens(SECRET).read(url.rpartition("/")[2])
    assert ticket is not None
    assert (ticket.confirmed, ticket.opt_in) == (True, True)


def test_what_another_form_takes_does_not(gateway: Gateway) -> None:
    gateway.submitted("plain", {"email": "ada@example.org"})
    assert (accepted(gateway).opt_in, accepted(gateway).type) == (False, "submission.accepted.v1")


@pytest.mark.parametrize(
    ("form", "values", "field", "label"),
    [
        ("lax", {"text": "Hello"}, "mail", "Mail"),
        ("lax", {"text": "Hello", "mail": " "}, "mail", "Mail"),
        ("nameless", {"text": "Hello"}, "_replyto", "your email address"),
        ("open", {"text": "Hello"}, "email", "Email"),
    ],
)
def test_without_an_address_nothing_is_taken(
    gateway: Gateway, form: str, values: dict[str, str], field: str, label: str
) -> None:
    answer = gateway.client.post(f"/f/{form}", json=values)
    assert (answer.status_code, errors_of(answer)) == (422, [("REQUIRED_FIELD_EMPTY", field)])
    said = f"Please fill in {label}: a mail to that address asks you to confirm."
    assert document_of(answer)["error"] == said
    assert said in gateway.client.post(f"/f/{form}", json=values, headers=PAGE).text
    assert gateway.published() == []


@pytest.mark.parametrize("form", ["lax", "nameless", "open"])
def test_an_address_to_reply_to_is_one(gateway: Gateway, form: str) -> None:
    gateway.submitted(form, {"text": "Hello", "_replyto": "ada@example.org"})
    assert accepted(gateway).opt_in


@pytest.mark.parametrize(
    ("form", "values", "asked"),
    [
        ("signup", {"name": "Ada", "email": "ada@example.org"}, "ada@example.org"),
        ("lax", {"mail": "ada@example.org"}, "ada@example.org"),
        ("kept", {"mail": "ada@example.org", "email": "eve@example.net"}, "ada@example.org"),
        ("kept", {"Email": "ada@example.org"}, "ada@example.org"),
        ("open", {"email": "ada@example.org"}, "ada@example.org"),
        ("open", {"Email": "ada@example.org"}, "ada@example.org"),
    ],
)
def test_who_stands_in_the_form_is_asked_and_nobody_else(
    gateway: Gateway, form: str, values: dict[str, str], asked: str
) -> None:
    gateway.submitted(form, {**values, "_replyto": "eve@example.net"})
    assert (accepted(gateway).reply_address, accepted(gateway).opt_in) == (asked, True)


def test_what_a_trap_caught_waits_where_it_has_an_address(gateway: Gateway) -> None:
    gateway.submitted("lax", {"_gotcha": "x"})
    gateway.submitted("lax", {"_gotcha": "x", "_replyto": "ada@example.org"})
    assert [(event.is_trapped, event.opt_in) for event in gateway.published()] == [(True, False), (True, True)]


@pytest.mark.parametrize("form", ["lax", "open"])
def test_its_page_asks_for_an_address(gateway: Gateway, form: str) -> None:
    page = gateway.client.get(f"/f/{form}", headers=PAGE).text
    name = "mail" if form == "lax" else "email"
    assert " required" in page.partition(f'name="{name}"')[2].partition(">")[0]
    schema = document_of(gateway.client.get("/openapi.json"))["paths"][f"/f/{form}"]["post"]["requestBody"]["content"]
    wanted = {"lax": ["mail", "_replyto"], "open": ["email", "Email", "_replyto"]}[form]
    assert schema["application/json"]["schema"]["anyOf"] == [{"required": [name]} for name in wanted]


# the page


def test_looking_confirms_nothing(gateway: Gateway, told: Receipts) -> None:
    for headers in ({}, PAGE, {"Accept": "application/problem+json"}):
        for method in ("GET", "HEAD"):
            answer = gateway.client.open(link_path(), method=method, headers=headers)
            assert answer.status_code == 200
            assert method == "GET" or answer.data == b""
    assert gateway.client.open(link_path(), method="OPTIONS").status_code == 405
    assert gateway.client.put(link_path()).status_code == 405
    assert pressed(gateway) == []


def test_the_page_has_one_button_and_leaves_no_trace(gateway: Gateway, told: Receipts) -> None:
    answer = gateway.client.get(link_path(), headers=PAGE)
    assert answer.text.count("<form") == answer.text.count('<form class="go" method="post">') == 1
    assert "<script" not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert OptInLinks(SECRET).sign(LINK) not in answer.text, "nothing in it leads elsewhere with the token"


def press(gateway: Gateway, path: str | None = None, **given: Any) -> TestResponse:
    headers = {"User-Agent": "Test/1", **given.pop("headers", {})}
    environ = {"REMOTE_ADDR": "192.0.2.7"}
    return gateway.client.post(path or link_path(), headers=headers, environ_base=environ, **given)


def test_pressing_publishes_what_a_proof_needs(gateway: Gateway, told: Receipts) -> None:
    answer = press(gateway, headers=PAGE)
    assert answer.status_code == 202
    assert "Your address is confirmed." in answer.text
    assert pressed(gateway) == [
        SubmissionOptedIn(
            LINK.id, "signup", AT, SOON, "192.0.2.7", "Test/1", LINK.recipient, link_expires_at=LINK.expires_at
        )
    ]


def test_programs_get_json(gateway: Gateway, told: Receipts) -> None:
    base = {"ok": True, "id": str(LINK.id), "form": "signup", "expires_at": "2026-11-29T17:03:44.123456Z"}
    assert document_of(gateway.client.get(link_path())) == {**base, "opt_in": "waiting"}
    assert document_of(press(gateway)) == {**base, "opt_in": "confirmed"}
    told.stored = stored("confirmed")
    used = press(gateway)
    assert (used.status_code, document_of(used)) == (200, {**base, "opt_in": "confirmed"})


def test_what_a_browser_sends_with_it_is_not_read(gateway: Gateway, told: Receipts) -> None:
    assert press(gateway, data=b"x" * 100_000, content_type="text/plain").status_code == 202
    assert press(gateway, data=b"{", content_type="application/json", headers={"Origin": "null"}).status_code == 202
    assert len(pressed(gateway)) == 2


def test_a_long_agent_is_cut(gateway: Gateway, told: Receipts) -> None:
    assert press(gateway, headers={"User-Agent": "x" * 5000}).status_code == 202
    assert [event.user_agent for event in pressed(gateway)] == ["x" * 500]


LATE = replace(LINK, expires_at=SOON)
PAGES = [
    ("used", LINK, stored("confirmed"), 200, "Already confirmed"),
    ("expired", LATE, stored("waiting"), 410, "This link has expired"),
    ("erased", LINK, stored(None, stored_at=None, erased_at=SOON.isoformat()), 410, "This is not kept any more"),
    ("used late", LATE, stored("confirmed"), 200, "Already confirmed"),
]


@pytest.mark.parametrize(
    ("link", "known", "status", "heading"), [row[1:] for row in PAGES], ids=[row[0] for row in PAGES]
)
def test_each_outcome_has_a_page_and_publishes_nothing(
    gateway: Gateway, told: Receipts, link: OptInLink, known: dict[str, Any], status: int, heading: str
) -> None:
    told.stored = known
    path = link_path(link)
    for answer in (gateway.client.get(path, headers=PAGE), press(gateway, path, headers=PAGE)):
        assert (answer.status_code, heading in answer.text) == (status, True)
    assert pressed(gateway) == []


def test_what_was_erased_before_it_was_accepted_anew_can_be_confirmed(gateway: Gateway, told: Receipts) -> None:
    told.stored = stored("waiting", erased_at=(AT - timedelta(hours=1)).isoformat())
    assert press(gateway).status_code == 202


def test_who_comes_too_late_can_have_a_new_mail(gateway: Gateway, told: Receipts) -> None:
    page = gateway.client.get(link_path(LATE), headers=PAGE).text
    action = page.partition('action="')[2].partition('"')[0]
    path, _, query = action.partition("/opt-in?key=")
    assert Tokens(SECRET).read(path.removeprefix("/receipts/")) == WAITING
    assert UUID(query)


def test_a_link_of_none_of_ours_has_a_page(gateway: Gateway, told: Receipts) -> None:
    for path in (
        "/opt-in/x",
        link_path(secret=ELSEWHERE),
        link_path()[:-1],
        link_path() + "A",
        link_path(LINK).upper(),
    ):
        answer = gateway.client.get(path, headers=PAGE)
        assert (answer.status_code, "This link is not complete" in answer.text) == (404, path != link_path().upper()), (
            path
        )
        assert press(gateway, path).status_code == 404
    assert errors_of(gateway.client.get("/opt-in/x")) == [("OPT_IN_NOT_FOUND", None)]
    assert pressed(gateway) == []


def test_a_receipts_token_confirms_nothing(gateway: Gateway, told: Receipts) -> None:
    assert press(gateway, f"/opt-in/{Tokens(SECRET).sign(WAITING)}").status_code == 404
    assert gateway.client.get(f"/receipts/{OptInLinks(SECRET).sign(LINK)}").status_code == 404


# what is away


def test_without_storage_the_button_is_there_and_works(gateway: Gateway) -> None:
    page = gateway.client.get(link_path(), headers=PAGE)
    assert page.status_code == 200
    assert "We cannot look up just now whether it was confirmed before." in page.text
    assert document_of(gateway.client.get(link_path()))["opt_in"] is None
    assert press(gateway).status_code == 202
    assert len(pressed(gateway)) == 1


def test_without_storage_a_link_that_is_over_is_over(gateway: Gateway) -> None:
    assert press(gateway, link_path(LATE)).status_code == 410
    assert pressed(gateway) == []


def test_what_the_broker_does_not_confirm_is_not_promised(gateway: Gateway, told: Receipts) -> None:
    gateway.broker.refusal = "nacked"
    page, answer = press(gateway, headers=PAGE), press(gateway)
    assert (page.status_code, answer.status_code) == (503, 503)
    assert "Try again" in page.text
    assert page.text.count('<form class="go" method="post">') == 1
    assert (page.headers["Retry-After"], answer.headers["Retry-After"]) == ("5", "5")
    assert errors_of(answer) == [("UNAVAILABLE", None)]
    gateway.broker.refusal = None
    assert press(gateway).status_code == 202


def test_who_presses_too_often_has_to_wait(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions=FORMS, rate_limit="2/hour", clock=lambda: SOON)
    Receipts(stored()).serve(gateway.broker)
    assert [press(gateway, "/opt-in/x").status_code for _ in range(3)] == [404, 404, 429]
    assert errors_of(press(gateway)) == [("TOO_MANY_PRESSES", None)]
    page = press(gateway, headers={"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Accept-Language": "de"})
    assert (page.status_code, int(page.headers["Retry-After"]) > 60) == (429, True)
    assert "Das geht gerade nicht" in page.text
    assert "Noch einmal versuchen" in page.text
    assert gateway.client.get(link_path()).status_code == 200, "looking is not counted"
    assert gateway.client.post("/f/signup", json=ADA, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 202


# languages


@pytest.mark.parametrize(
    ("accepted_language", "of_form", "language"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "de", "en"),
        ("fr,de;q=0.3", "", "de"),
        ("fr", "de-AT", "de"),
        ("", "de", "de"),
        ("fr", "fr", "en"),
        ("*", "", "en"),
        ("x" * 5000, "", "en"),
        ("de;q=x,,;;=", "", "en"),
    ],
)
def test_the_page_is_in_the_visitors_language(
    tmp_path: Path, accepted_language: str, of_form: str, language: str
) -> None:
    said = FORMS.replace("[forms.signup]", f'[forms.signup]\nlanguage = "{of_form}"', 1) if of_form else FORMS
    gateway = a_gateway(tmp_path, definitions=said, clock=lambda: SOON)
    Receipts(stored()).serve(gateway.broker)
    answer = gateway.client.get(link_path(), headers={**PAGE, "Accept-Language": accepted_language})
    heading = {"en": "Confirm your address", "de": "Bitte bestätigen Sie Ihre Adresse"}[language]
    assert f'<html lang="{language}">' in answer.text
    assert f"<h1>{heading}</h1>" in answer.text
    assert answer.headers["Vary"] == "Accept, Accept-Language"


def test_each_language_says_all_with_the_same_buttons() -> None:
    for language in LANGUAGES:
        assert WORDS[language].keys() == WORDS["en"].keys()
        for outcome, words in WORDS[language].items():
            assert words.heading
            assert (len(words.text), bool(words.button)) == (
                len(WORDS["en"][outcome].text),
                bool(WORDS["en"][outcome].button),
            )


def test_the_title_of_the_form_is_text(tmp_path: Path) -> None:
    forms = FORMS.replace('title = "Sign up"', 'title = "<b>Sign & up</b>"')
    gateway = a_gateway(tmp_path, definitions=forms, clock=lambda: SOON)
    assert "&lt;b&gt;Sign &amp; up&lt;/b&gt;" in gateway.client.get(link_path(), headers=PAGE).text


def test_a_form_that_is_gone_can_still_be_confirmed(gateway: Gateway, told: Receipts) -> None:
    gone = link_path(replace(LINK, form="gone"))
    assert "gone" in gateway.client.get(gone, headers=PAGE).text
    assert press(gateway, gone).status_code == 202


def test_any_gateway_answers_what_another_has_sent(tmp_path: Path) -> None:
    first, second = (a_gateway(place, definitions=FORMS) for place in (tmp_path, tmp_path))
    url = first.submitted(values=ADA)["receipt_url"]
    event = accepted(first)
    link = OptInLink(event.id, "signup", event.accepted_at, datetime.max.replace(tzinfo=AT.tzinfo), LINK.recipient)
    assert press(second, link_path(link)).status_code == 202
    assert second.client.get(url).status_code == 200
