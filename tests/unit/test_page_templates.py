"""The templates and files of all rooms: nothing inline, each form with its token, and small enough to be quick."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage_service.console.pages import frame
from storage_service.console.pages.frame.assets import Assets

PAGES = Path(frame.__file__).parent.parent
TEMPLATES = sorted((PAGES / "templates").rglob("*.html"))
SCRIPTS = sorted(one for one in (PAGES / "static").glob("*.js") if one.name != "htmx.min.js")

_INLINE = re.compile(
    r"""\s(?:style|on[a-z]+|hx-on[^=]*)=["'{]|<style|<script(?![^>]*\ssrc=)|javascript:|["']js:""", re.IGNORECASE
)
_POST = re.compile(r'<form[^>]*method="post".*?</form>', re.DOTALL)
_EVALUATED = re.compile(r"\beval\(|new Function|\.innerHTML\b|insertAdjacentHTML|document\.write|outerHTML\s*=")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_nothing_inline_and_marks_nothing_as_safe(template: Path) -> None:
    text = template.read_text("utf-8")
    assert _INLINE.findall(text) == []
    assert re.findall(r"[^{]*\|\s*safe", text) == []
    assert "autoescape" not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_each_form_that_is_posted_has_a_token(template: Path) -> None:
    for form in _POST.findall(template.read_text("utf-8")):
        assert re.search(r"{{ (?:ui\.)?token\(\) }}", form), form


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_makes_no_html_of_text(script: Path) -> None:
    assert _EVALUATED.findall(script.read_text("utf-8")) == []


def test_what_each_page_loads_is_small() -> None:
    """A page may weigh 100 kB with all that it loads: 40 are left for itself and its room's files."""
    loaded = [Assets().served(name) for name in ("tokens.css", "console.css", "console.js", "htmx.min.js", "icon.svg")]
    assert sum(len(one.packed or one.body) for one in loaded) < 40_000
    assert sum(len(one.body) for one in loaded) < 75_000


def test_htmx_is_the_file_of_its_package() -> None:
    said = (PAGES / "static" / "htmx.md").read_text("utf-8")
    assert f"sha256 {Assets().served('htmx.min.js').digest}" in said
