"""The pages: what they hold, what they escape, and the headers that go with them."""

from __future__ import annotations

import re
import tomllib
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from gateway.fields.schemas import FormSchema
from shared import forms
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES
from support.gateway_app import FORMS, Gateway, a_gateway
from support.shown import words_of
from support.tags import Tags

PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
ROOT = Path(__file__).parents[2]


def links_of(html: str) -> list[str]:
    return [attributes["href"] or "" for tag, attributes in Tags(html).found if tag == "a"]


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


def test_home_lists_the_forms_and_how_to_post_to_each(gateway: Gateway) -> None:
    page = gateway.client.get("/").text
    for name in ("signup", "contact", "types", "open"):
        assert f'href="/f/{name}"' in page
        assert f"http://localhost/f/{name}" in page
    assert "curl -d &#39;name=Ada Lovelace&#39; -d email=ada@example.org http://localhost/f/signup" in page


def test_the_example_forms_take_the_submissions_that_home_shows(tmp_path: Path) -> None:
    definitions = (ROOT / "forms.example.toml").read_text(encoding="utf-8")
    gateway = a_gateway(tmp_path, definitions=definitions)
    page = gateway.client.get("/").text.replace("&#39;", "'")
    for name in tomllib.loads(definitions)["forms"]:
        [line] = re.findall(rf"curl (.*) http://localhost/f/{name}</code>", page)
        pairs = re.findall(r"-d (?:'([^']*)'|(\S+))", line)
        values = dict((quoted or bare).split("=", 1) for quoted, bare in pairs)
        FormSchema(forms.load(tmp_path / "forms.toml")[name]).read(values)


def snippets_of(html: str) -> list[str]:
    """Return the pages that the start page offers to be saved."""
    return [unescape(text) for text in re.findall(r"<code>(&lt;!doctype html&gt;.*?)</code>", html, re.DOTALL)]


def test_home_offers_for_each_form_a_whole_page_with_all_of_its_fields(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions=FORMS + SPECIAL)
    pages = snippets_of(gateway.client.get("/").text)
    assert len(pages) == len(gateway.forms)
    for form, page in zip(gateway.forms.values(), pages, strict=True):
        tags = Tags(page)
        [script] = [attributes["src"] for tag, attributes in tags.found if tag == "script"]
        [action] = [attributes["action"] for tag, attributes in tags.found if tag == "form"]
        assert (script, action) == ("http://localhost/counterfoil.js", f"http://localhost/f/{form.name}")
        names = {str(attributes["name"]) for tag, attributes in tags.found if "name" in attributes and tag != "meta"}
        controls = {"access_key"} if form.access_key else set()
        assert names == ({"name", "email", "message"} if form.fields is None else form.fields.keys()) | controls
        for entry in (form.fields or {}).values():
            found = [(tag, one) for tag, one in tags.found if one.get("name") == entry.name]
            values = {one.get("value") for tag, one in found if tag == "input"}
            assert entry.type != "list" or not entry.choices or values == set(entry.choices)
            assert entry.type == "list" or ("required" in found[0][1]) == entry.required
        assert words_of(page)[0] == form.title
        assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize("path", ["/", "/openapi", "/openapi.json"])
def test_a_plain_index_names_no_form_to_strangers(tmp_path: Path, path: str) -> None:
    gateway = a_gateway(tmp_path, index="plain")
    answer = gateway.client.get(path, headers=PAGE)
    assert answer.status_code == 200
    for name, form in gateway.forms.items():
        assert f"/f/{name}" not in answer.text
        assert form.title not in answer.text


def test_a_plain_index_describes_any_form_and_its_start_page_leads_nowhere(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, index="plain")
    document = gateway.client.get("/openapi.json").get_json()
    assert {"get", "post", "options"} <= document["paths"]["/f/{form}"].keys()
    assert links_of(gateway.client.get("/").text) == []


def test_a_start_page_leads_to_the_console_where_there_is_one(tmp_path: Path, gateway: Gateway) -> None:
    assert "/console" not in links_of(gateway.client.get("/").text)
    with_console = a_gateway(tmp_path, console_url="http://127.0.0.1:1")
    assert links_of(with_console.client.get("/").text)[0] == "/console"


def test_an_index_that_is_the_console_sends_everybody_there_and_names_no_form(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, index="console", console_url="http://127.0.0.1:1")
    answer = gateway.client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console")
    assert "/f/signup" not in gateway.client.get("/openapi.json").text


@pytest.mark.parametrize("index", ["forms", "plain"])
def test_what_a_visitor_sees_leads_nowhere_private(tmp_path: Path, index: str) -> None:
    gateway = a_gateway(tmp_path, index=index)
    wrong = {"name": "", "email": "nowhere"}
    pages = [
        gateway.client.get("/f/signup"),
        gateway.client.post("/f/signup", data=wrong, headers=PAGE),
        gateway.client.get("/f/nothing", headers=PAGE),
        gateway.client.get(gateway.submitted()["receipt_url"], headers=PAGE),
        gateway.client.get("/receipts/forged", headers=PAGE),
    ]
    assert [page.status_code for page in pages] == [200, 422, 404, 200, 404]
    for page in pages:
        assert [link for link in links_of(page.text) if not link.startswith("#")] == []


def test_a_form_is_rendered_from_its_definition(gateway: Gateway) -> None:
    page = gateway.client.get("/f/types")
    tags = Tags(page.text)
    kinds = {
        name: (tags.named(name)[0], tags.named(name)[1].get("type"))
        for name in ("text", "email", "number", "integer", "boolean", "date", "url", "tel", "choice", "long")
    }
    assert kinds == {
        "text": ("input", "text"),
        "email": ("input", "text"),
        "number": ("input", "number"),
        "integer": ("input", "number"),
        "boolean": ("input", "checkbox"),
        "date": ("input", "date"),
        "url": ("input", "url"),
        "tel": ("input", "tel"),
        "choice": ("select", None),
        "long": ("textarea", None),
    }
    assert tags.named("text")[1]["maxlength"] == "10"
    assert [a["value"] for t, a in tags.found if a.get("name") == "list"] == ["a", "b"]
    labelled = {attributes["for"] for tag, attributes in tags.found if tag == "label" and "for" in attributes}
    assert {"field-text", "field-choice", "field-long"} <= labelled


@pytest.mark.parametrize("path", ["/", "/f/signup"])
def test_the_stub_says_the_forms_title_and_not_its_technical_name(gateway: Gateway, path: str) -> None:
    stubs = re.findall(r'<div class="stub" aria-hidden="true"><span[^>]*>(.*?)</span>', gateway.client.get(path).text)
    assert "Sign up" in stubs
    assert "signup" not in stubs


def test_required_fields_a_trap_and_a_key_of_its_own_for_each_page(gateway: Gateway) -> None:
    pages = [Tags(gateway.client.get("/f/signup").text) for _ in range(2)]
    assert "required" in pages[0].named("name")[1]
    assert pages[0].named("_gotcha")[1]["autocomplete"] == "off"
    keys = [page.named("_idempotency_key")[1]["value"] for page in pages]
    assert keys[0] != keys[1]
    assert Tags(gateway.client.get("/f/contact").text).named("leave_this_empty")[1]["tabindex"] == "-1"


def test_a_form_that_takes_any_fields_offers_some_and_keeps_all(gateway: Gateway) -> None:
    assert Tags(gateway.client.get("/f/open").text).named("message")[0] == "textarea"
    gateway.broker.refusal = "blocked"
    typed = {"colour": "<red>", "tags": ["a", "b"], "message": "one\ntwo"}
    page = gateway.client.post("/f/open", data=typed, headers=PAGE).text
    assert "&lt;red&gt;" in page
    assert [a["value"] for _, a in Tags(page).found if a.get("name") == "tags"] == ["a", "b"]
    assert "one\ntwo</textarea>" in page


def test_a_form_may_lead_to_where_its_definition_says(gateway: Gateway) -> None:
    policy = gateway.client.get("/f/contact").headers["Content-Security-Policy"]
    assert "form-action 'self' https://www.example.org;" in policy


def test_a_receipt_refreshes_without_scripts_and_stops_at_the_end(gateway: Gateway) -> None:
    url = gateway.submitted()["receipt_url"]
    assert re.search(r'<noscript><meta http-equiv="refresh"', gateway.client.get(url, headers=PAGE).text)
    gateway.broker.serve(STORAGE_QUERIES, {"receipt": lambda _: {"stored_at": "2026-11-22T17:03:45Z"}})
    sent = {"confirmations": [{"channel": "email", "state": "sent", "attempts": 1, "at": "2026-11-22T17:03:46Z"}]}
    gateway.broker.serve(NOTIFY_QUERIES, {"receipt": lambda _: sent})
    page = gateway.client.get(url, headers=PAGE).text
    assert "refresh" not in page
    assert 'data-state="confirmed"' in page
    assert "22 November 2026, 17:03:46 UTC" in page


SPECIAL = """
[forms.special]
title = "</code><script>alert(1)</script> & more"
dialect = "web3forms"
access_key = "a-key-of-it"
fields."a b.c" = {type = "text", required = true, label = "<i>\\"A\\"</i>"}
fields.size = {type = "choice", choices = ["<S>", "M"]}
fields.agree = {type = "boolean", required = true}
fields.codes = {type = "list"}
"""
THERE = {**PAGE, "Origin": "https://elsewhere.example"}
BACK = "your browser's Back button leads there."
CLOSED = "[forms.closed]\nactive = false\n[forms.open]\n"
CLOSED += '[forms.contact]\nallowed_origins = ["https://www.example.org"]\n'


@pytest.mark.parametrize(
    ("path", "given", "status", "heading", "advice"),
    [
        ("/f/nothing", None, 404, "There is no form at this address.", "Please check the address"),
        ("/nothing", None, 404, "There is no page at this address.", "Please check the address"),
        ("/receipts/cut.off", None, 404, "There is no receipt at this address.", "that you have all of it"),
        ("/f/closed", None, 403, "This form does not take submissions any more.", "ask whoever gave you the form"),
        ("/f/nothing", {"data": {"a": "b"}}, 404, "There is no form at this address.", BACK),
        ("/f/closed", {"data": {"a": "b"}}, 403, "This form does not take submissions any more.", BACK),
        (
            "/f/contact",
            {"data": {"a": "b"}, "headers": THERE},
            403,
            "not take submissions from that site.",
            "reach them",
        ),
        ("/f/open", {"data": {"a": "b" * 140_000}}, 413, "This is too large: at most 128 kB can be sent.", "shorten"),
        (
            "/livez",
            {"data": {"a": "b"}},
            405,
            "This address is not one to open like that.",
            "open the page with the form",
        ),
    ],
)
def test_a_refusal_says_what_to_do_next_in_a_visitors_words(
    tmp_path: Path, path: str, given: dict[str, Any] | None, status: int, heading: str, advice: str
) -> None:
    client = a_gateway(tmp_path, definitions=CLOSED).client
    answer = client.get(path, headers=PAGE) if given is None else client.post(path, **{"headers": PAGE, **given})
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    words = words_of(answer.text)
    text = " ".join(words)
    assert heading in text
    assert advice in text
    assert "bytes" not in text
    assert words.index(next(one for one in words if heading in one)) < words.index(
        next(w for w in words if advice in w)
    )
    assert (BACK in text) == (given is not None)


@pytest.mark.parametrize(
    ("form", "typed", "heading", "linked", "plain"),
    [
        ("signup", {"name": "Ada", "email": "ada@"}, "1 field needs your attention.", ["email"], 0),
        ("signup", {"email": "ada@"}, "2 fields need your attention.", ["email", "name"], 0),
        ("types", {"text": "ok", "list": "x", "odd": "y"}, "1 field needs your attention.", ["list"], 1),
        ("signup", {"name": ""}, "2 fields need your attention.", ["email", "name"], 0),
        ("types", {"text": ""}, "The submission is empty.", [], 0),
    ],
)
def test_a_summary_on_top_leads_to_each_error_beside_its_field(
    gateway: Gateway, form: str, typed: dict[str, str], heading: str, linked: list[str], plain: int
) -> None:
    page = gateway.client.post(f"/f/{form}", data=typed, headers=PAGE)
    assert page.status_code == 422
    [summary] = re.findall(
        r'<div class="counterfoil-errors" role="alert" tabindex="-1" autofocus>(.*?)</div>', page.text, re.S
    )
    assert re.search(r"<p>(.*?)</p>", summary).group(1) == heading  # type: ignore[union-attr]
    assert sorted(re.findall(r'<a href="#field-(\w+)">', summary)) == linked
    assert summary.count("<li>") == len(linked) + plain
    assert page.text.index(summary) < page.text.index("<h1")
    tags = Tags(page.text)
    for name in linked:
        assert f'id="field-{name}-error"' in page.text
        assert [a for _, a in tags.found if f"field-{name}-error" in (a.get("aria-describedby") or "")]
        assert [a for _, a in tags.found if a.get("name") == name and a.get("aria-invalid") == "true"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("counterfoil.css", "text/css"),
        ("receipt.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
        ("tokens.css", "text/css"),
    ],
)
def test_static_files(gateway: Gateway, name: str, kind: str) -> None:
    answer = gateway.client.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.mimetype == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in answer.headers["Cache-Control"]


def test_health(gateway: Gateway) -> None:
    assert gateway.client.get("/livez").status_code == 200
    assert gateway.client.get("/readyz").get_json() == {"ok": True, "missing": []}
    gateway.broker.refusal = "blocked"
    answer = gateway.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["missing"] == ["broker: blocked"]
    assert gateway.client.get("/livez").status_code == 200
