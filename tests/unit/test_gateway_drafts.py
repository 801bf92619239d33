"""Error pages: whatever a browser meets after its body was read, the page offers again what was typed."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from shared.contracts import fingerprint
from shared.messaging.topology import STORAGE_QUERIES
from support.gateway_app import GOOD, Gateway, a_gateway, errors_of

ALLOWED = "https://www.example.org"
PAGE = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}
THERE = {**PAGE, "Origin": ALLOWED, "Referer": f"{ALLOWED}/contact/"}
HERE = {**PAGE, "Origin": "http://localhost", "Referer": "http://localhost/f/contact"}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


class _Form(HTMLParser):
    """Gathers what a browser would post from a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: MultiDict[str, str] = MultiDict()
        self._area: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name")
        if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.values.add(name, given.get("value") or "")
        if tag == "textarea":
            self._area = name

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values.add(self._area, data.removeprefix("\n"))

    def handle_endtag(self, tag: str) -> None:
        self._area = None


def send_again(gateway: Gateway, page: str, **mended: str) -> tuple[int, str]:
    """Send what a page offers, with some of it mended, and return the status and where it leads."""
    form = _Form(page)
    for name, value in mended.items():
        form.values[name] = value
    action = re.search(r'action="([^"]+)"', page)
    assert action
    answer = gateway.client.post(unescape(action[1]), data=form.values, headers=HERE)
    return answer.status_code, answer.headers.get("Location", "")


def test_a_page_on_another_site_goes_on_where_it_wanted_once_it_is_mended(gateway: Gateway) -> None:
    typed = {"name": "Ada\nLovelace", "message": "Hello", "_next": "thanks", "_subject": "Hi", "_language": "de"}
    wrong = gateway.client.post("/f/contact", data=typed, headers=THERE)
    assert wrong.status_code == 422
    assert send_again(gateway, wrong.text, name="Ada") == (303, f"{ALLOWED}/contact/thanks")
    [event] = gateway.published()
    assert event.fields == {"name": "Ada", "message": "Hello"}
    assert event.control.subject == "Hi"
    assert event.source.language == "de"


def test_a_form_without_fields_keeps_all_of_them_and_every_repeated_value(gateway: Gateway) -> None:
    typed = MultiDict([("email", "ada@"), ("colour", "red"), ("colour", "blue"), ("size[]", "L"), ("note", "a\r\nb")])
    wrong = gateway.client.post("/f/open", data=typed, headers=PAGE)
    assert wrong.status_code == 422
    assert send_again(gateway, wrong.text, email="ada@example.org")[0] == 303
    [event] = gateway.published()
    assert event.fields["colour"] == ["red", "blue"]
    assert event.fields["size"] in ("L", ["L"])
    assert event.fields["email"] == "ada@example.org"


def test_what_the_form_does_not_take_is_shown_to_be_copied(gateway: Gateway) -> None:
    typed = {"name": "Ada", "what-for": "A long <story>"}
    wrong = gateway.client.post("/f/contact", data=typed, headers=THERE)
    assert wrong.status_code == 422
    assert "A long &lt;story&gt;" in wrong.text
    assert send_again(gateway, wrong.text) == (303, f"{ALLOWED}/thanks")
    assert [event.fields for event in gateway.published()] == [{"name": "Ada"}]


@pytest.mark.parametrize(("unknown", "stored"), [("keep", {"what-for": "A story", "size": ["L", "M"]}), ("drop", {})])
def test_what_the_form_keeps_goes_on_and_what_it_drops_does_not(
    tmp_path: Path, unknown: str, stored: dict[str, Any]
) -> None:
    definition = f'[forms.contact]\nunknown = "{unknown}"\nfields.name = {{type = "text", max_length = 50}}\n'
    gateway = a_gateway(tmp_path, definitions=definition)
    typed = MultiDict([("name", "a\nb"), ("what-for", "A story"), ("size", "L"), ("size", "M")])
    wrong = gateway.client.post("/f/contact", data=typed, headers=PAGE)
    assert wrong.status_code == 422
    assert send_again(gateway, wrong.text, name="Ada")[0] == 303
    assert [event.fields for event in gateway.published()] == [{"name": "Ada", **stored}]


@pytest.mark.parametrize("form", ["contact", "open"])
def test_a_control_field_with_something_wrong_is_shown_to_be_mended(gateway: Gateway, form: str) -> None:
    typed = {"name": "Ada", "_replyto": "ada@", "_next": "/done"}
    wrong = gateway.client.post(f"/f/{form}", data=typed, headers=THERE)
    assert wrong.status_code == 422
    assert re.search(
        r'<input id="field-_replyto" type="text" name="_replyto" value="ada@"[^>]*aria-invalid', wrong.text
    )
    assert send_again(gateway, wrong.text, _replyto="ada@example.org")[0] == 303
    [event] = gateway.published()
    assert event.reply_address == "ada@example.org"
    assert event.fields == {"name": "Ada"}


def test_everything_that_is_wrong_is_said_at_once(gateway: Gateway) -> None:
    values = {"email": "ada@", "_replyto": "me@", "_subject": "a\nb"}
    answer = gateway.client.post("/f/signup", json={"name": "Ada", **values})
    assert set(errors_of(answer)) == {("TYPE_EMAIL", "email"), ("TYPE_EMAIL", "_replyto"), ("LINE_BREAK", "_subject")}


def test_what_is_not_allowed_as_a_destination_is_not_carried_on(gateway: Gateway) -> None:
    typed = {"name": "a\nb", "_next": "https://evil.example/"}
    assert "evil" not in gateway.client.post("/f/contact", data=typed, headers=THERE).text


def test_after_a_conflict_the_form_is_offered_with_a_key_of_its_own(gateway: Gateway) -> None:
    stored = {"stored_at": "2026-11-22T17:03:44Z", "fingerprint": fingerprint({"name": "Somebody"})}
    gateway.broker.serve(STORAGE_QUERIES, {"receipt": lambda _: stored})
    page = gateway.client.post("/f/signup", data={**GOOD, "_idempotency_key": "k1"}, headers=PAGE)
    assert page.status_code == 409
    offered = _Form(page.text).values
    assert offered["_idempotency_key"] != "k1"
    assert offered["name"] == GOOD["name"]
    gateway.broker.serve(STORAGE_QUERIES, {"receipt": lambda _: {}})
    assert send_again(gateway, page.text)[0] == 303
    assert [event.fields for event in gateway.published()] == [GOOD]


def test_after_a_bad_key_too(gateway: Gateway) -> None:
    page = gateway.client.post("/f/signup", data={**GOOD, "_idempotency_key": "x" * 256}, headers=PAGE)
    assert page.status_code == 400
    assert send_again(gateway, page.text)[0] == 303
    assert [event.fields for event in gateway.published()] == [GOOD]


@pytest.mark.parametrize("kind", ["file", "nul"])
def test_a_body_that_was_read_and_cannot_be_taken(gateway: Gateway, kind: str) -> None:
    data: dict[str, Any] = {**GOOD, "_next": "http://localhost/f/signup"}
    data.update({"cv": (BytesIO(b"%PDF"), "cv.pdf")} if kind == "file" else {"name": "Ada\0 Lovelace"})
    page = gateway.client.post("/f/signup", data=data, headers=PAGE)
    assert page.status_code == 422
    assert _Form(page.text).values["email"] == GOOD["email"]
    assert send_again(gateway, page.text, name="Ada Lovelace") == (303, "http://localhost/f/signup")


@pytest.mark.parametrize(
    ("path", "request_", "status"),
    [
        ("/f/contact", {"data": {"name": "Ada"}, "headers": {"Origin": "https://evil.example"}}, 403),
        ("/f/contact", {"data": {"message": "x" * 200_000}}, 413),
        ("/f/contact", {"data": b"name=Ada", "content_type": "text/plain"}, 415),
        ("/f/contact", {"data": b"name=%ff", "content_type": "application/x-www-form-urlencoded"}, 400),
    ],
)
def test_where_nothing_was_read_the_page_says_where_it_still_is(
    gateway: Gateway, path: str, request_: dict[str, Any], status: int
) -> None:
    headers = {**PAGE, **request_.get("headers", {})}
    page = gateway.client.post(path, **{**request_, "headers": headers})
    assert page.status_code == status
    assert page.mimetype == "text/html"
    assert "Back button" in page.text


def test_a_form_that_is_closed(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions='[forms.closed]\nactive = false\ntitle = "Closed"\n[forms.other]\n')
    answer = gateway.client.post("/f/closed", json=GOOD)
    assert answer.status_code == 403
    assert answer.get_json()["errors"][0]["code"] == "INACTIVE"
    for page in (gateway.client.get("/f/closed", headers=PAGE), gateway.client.post("/f/closed", headers=PAGE)):
        assert (page.status_code, page.mimetype) == (403, "text/html")
    assert "Closed" not in gateway.client.get("/").text
    assert gateway.published() == []
