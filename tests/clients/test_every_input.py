"""Script and plain post send the same, for every kind of input: what counts is one page, posted both ways."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import FilePayload, Page, expect

from clients.conftest import Visit
from support.owner import Owner
from support.posts import posts_of

OURS = {"https://forms.example.org": ""}
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
FILE = FilePayload(name="cv.txt", mimeType="text/plain", buffer=b"Hello.")


def press(page: Page, way: str) -> None:
    """Submit the form by one of its buttons, or by Enter."""
    if way == "Enter":
        page.locator("[name=text]").press("Enter")
    elif way == "Map":
        page.get_by_alt_text("Map").click(position={"x": 11, "y": 7})
    else:
        page.get_by_role("button", name=way).click()


def open_page(visit: Visit, kind: str, email: str, *, script: bool) -> Page:
    page = visit("inputs.html", OURS)
    page.locator("form").evaluate(
        "(form, [kind, script]) => { form.enctype = kind; if (!script) form.removeAttribute('data-counterfoil'); }",
        [kind, script],
    )
    page.locator("[name=email]").fill(email)
    page.locator("[name=lines]").fill("first\nsecond\n\nfourth")
    return page


def sent(visit: Visit, owner: Owner, kind: str, way: str, *, script: bool) -> tuple[Any, dict[str, Any]]:
    """Return what a browser posted, where it can be read, and what of it was stored."""
    email = f"{way}-{script}-{kind[:5]}@example.org".lower()
    page = open_page(visit, kind, email, script=script)
    posts = posts_of(page)
    press(page, way)
    stored = owner.await_stored("inputs-elsewhere" if way == "Elsewhere" else "inputs", email)
    assert (posts[0].header_value("content-type") or "").startswith(kind)
    body = parse_qsl(posts[0].post_data or "", keep_blank_values=True) if kind == URLENCODED else None
    pairs = [(name, value) for name, value in body or [] if name not in {"email", "_idempotency_key"}]
    return pairs, {name: value for name, value in stored.items() if name != "email"}


@pytest.mark.parametrize("kind", [URLENCODED, MULTIPART])
@pytest.mark.parametrize("way", ["Save", "Map", "Elsewhere", "Enter"])
def test_script_and_plain_post_send_the_same(visit: Visit, owner: Owner, kind: str, way: str) -> None:
    plain, scripted = (sent(visit, owner, kind, way, script=script) for script in (False, True))
    assert scripted == plain
    stored = plain[1]
    assert stored["lines"].splitlines() == ["first", "second", "", "fourth"]
    assert stored["several"] == ["one", "three"]
    assert (stored["stars"], stored["added"], stored["outside"]) == ("5", "by a script", "o")
    assert not {"disabled", "in-disabled", "output", "unticked", "comment.dir", "_charset_"} & stored.keys()
    assert stored.get("file", "") == ""
    if kind == URLENCODED:
        assert ("comment.dir", "rtl") in plain[0]
        assert ("_charset_", "UTF-8") in plain[0]
    if way == "Map":
        assert {"map.x", "map.y"} <= stored.keys()


@pytest.mark.parametrize("script", [False, True])
def test_an_urlencoded_file_is_its_name(visit: Visit, owner: Owner, script: bool) -> None:
    page = open_page(visit, URLENCODED, f"file-{script}@example.org".lower(), script=script)
    page.locator("[name=file]").set_input_files(FILE)
    page.locator("[name=files]").set_input_files([FILE, FILE])
    press(page, "Save")
    stored = owner.await_stored("inputs", f"file-{script}@example.org".lower())
    assert (stored["file"], stored["files"]) == ("cv.txt", ["cv.txt", "cv.txt"])


@pytest.mark.parametrize("script", [False, True])
def test_a_file_in_multipart_is_refused_by_name(visit: Visit, script: bool) -> None:
    page = open_page(visit, MULTIPART, "upload@example.org", script=script)
    page.locator("[name=file]").set_input_files(FILE)
    press(page, "Save")
    shown = page.locator("p[role=status]") if script else page.get_by_role("alert")
    expect(shown).to_contain_text("does not take files")
