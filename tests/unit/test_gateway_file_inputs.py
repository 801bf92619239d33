"""A form that takes files: its page, what is checked of them beside the fields, its description, the page to copy."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import pytest

from gateway.fields.inputs import Draft
from gateway.fields.schemas import FormSchema
from gateway.http.errors import Refused, invalid
from gateway.openapi.document import document_of
from gateway.pages.renderer import Pages
from shared.forms import Form, file
from shared.web.snippets import Snippets
from support.gateway_app import a_gateway
from support.tags import Tags

FORMS = """
[forms.apply.fields]
name   = {type = "text"}
cv     = {type = "file", required = true, types = ["pdf", "docx"], help = "One page is enough."}
photos = {type = "file", max_count = 4, max_size = "20 MB", types = ["image"]}
[forms.any]
files = {undeclared = true, max_count = 3}
[forms.kept]
unknown = "keep"
fields.name = {type = "text"}
files = {undeclared = true}
"""

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DOCUMENTS = f"application/pdf,.pdf,{WORD},.docx"


def form(name: str = "apply") -> Form:
    return file.parse(FORMS.encode(), Path("forms.toml"))[name]


def codes(fields: dict[str, Any], files: dict[str, int], of: str = "apply") -> list[tuple[str, str | None]]:
    with pytest.raises(Refused) as refusal:
        FormSchema(form(of)).read(fields, files)
    return [(error.code, error.field) for error in refusal.value.errors]


def test_files_are_no_values_of_fields() -> None:
    assert FormSchema(form()).read({"name": "Ada"}, {"cv": 1, "photos": 2}) == {"name": "Ada"}
    assert FormSchema(form()).read({"cv": ""}, {"cv": 1}) == {}, "files alone are a submission"
    assert FormSchema(form("any")).read({}, {"upload": 1}) == {}
    assert FormSchema(form("kept")).read({"more": "x"}, {"upload": 1}) == {"more": "x"}


def test_a_file_that_has_to_be_there_is_asked_for_with_all_else() -> None:
    assert codes({"name": "Ada", "odd": "x"}, {}) == [("REQUIRED_FIELD_MISSING", "cv"), ("FIELD_UNKNOWN", "odd")]
    assert codes({"cv": " "}, {}) == [("REQUIRED_FIELD_MISSING", "cv")]
    assert codes({}, {}, "any") == [("EMPTY", None)]


def test_text_is_no_file() -> None:
    assert codes({"cv": "text", "photos": ["a", "b"]}, {}) == [("TYPE_FILE", "cv"), ("TYPE_FILE", "photos")]
    assert codes({"cv": "text"}, {"cv": 1}) == [("TYPE_FILE", "cv")]


def page_of(draft: Draft | None = None, refusal: Refused | None = None, of: str = "apply") -> str:
    return Pages(None).form(form(of), draft, refusal).get_data(as_text=True)


def input_of(page: str, name: str) -> dict[str, str | None]:
    [found] = [attributes for tag, attributes in Tags(page).found if tag == "input" and attributes.get("name") == name]
    return found


def test_the_page_says_what_is_taken_before_anything_is_chosen() -> None:
    page = page_of()
    cv, photos = input_of(page, "cv"), input_of(page, "photos")
    assert (cv["type"], cv["accept"], "required" in cv, "multiple" in cv) == ("file", DOCUMENTS, True, False)
    assert cv["aria-describedby"] == "field-cv-help field-cv-limits"
    assert 'id="field-cv-limits">PDF or Word document, 10 MB at most.</p>' in page
    assert (photos["accept"], "required" in photos, "multiple" in photos) == ("image/*", False, True)
    assert 'id="field-photos-limits">Up to 4 files (picture), 20 MB each, 50 MB together.</p>' in page
    assert (photos["data-max-size"], photos["data-max-count"]) == (str(20 * 1024 * 1024), "4")
    [sheet] = [attributes for tag, attributes in Tags(page).found if tag == "form"]
    assert (sheet["enctype"], sheet["data-max-total"]) == ("multipart/form-data", str(50 * 1024 * 1024))


def test_a_form_that_takes_none_is_as_it_was(tmp_path: Path) -> None:
    page = a_gateway(tmp_path).client.get("/f/signup").text
    assert "multipart" not in page
    assert "data-max-total" not in page


def test_an_open_form_offers_an_input_of_files() -> None:
    files = input_of(page_of(of="any"), "attachment")
    assert (files["type"], "multiple" in files, "accept" in files) == ("file", True, False)
    assert "attachment" not in page_of(of="kept")


def test_after_an_error_the_page_says_which_files_to_choose_again() -> None:
    refusal = invalid(*errors("name"))
    draft = Draft({"name": "Ada"}, chosen={"cv": ["<b>cv.pdf"], "photos": ["a.png", "\u05d0.png"]})
    page = page_of(draft, refusal)
    assert "Ada</textarea>" in page
    assert "A browser does not keep files: please choose them again." in page
    assert "Please choose it again: <bdi>&lt;b&gt;cv.pdf</bdi></p>" in page
    assert "Please choose them again: <bdi>a.png</bdi>, <bdi>\u05d0.png</bdi></p>" in page
    assert "field-cv-again" in (input_of(page, "cv")["aria-describedby"] or "")
    assert "A browser does not keep files" not in page_of(Draft({"name": "Ada"}), refusal)


def errors(name: str) -> Any:
    with pytest.raises(Refused) as refusal:
        FormSchema(form()).read({name: ["a", 1]}, {"cv": 1})
    return refusal.value.errors


def test_openapi_has_files_where_they_can_be() -> None:
    forms = file.parse(FORMS.encode(), Path("forms.toml"))
    paths = document_of(forms, "https://example.org")["paths"]
    content = {name: paths[f"/f/{name}"]["post"]["requestBody"]["content"] for name in forms}
    assert list(content["apply"]) == ["multipart/form-data"], "a file that has to be there stands in no other"
    multipart = content["apply"]["multipart/form-data"]
    assert multipart["encoding"] == {
        "cv": {"contentType": f"application/pdf, {WORD}"},
        "photos": {"contentType": "image/*"},
    }
    cv = multipart["schema"]["properties"]["cv"]
    assert (cv["title"], cv["format"], cv["maxLength"]) == ("Cv", "binary", 10 * 1024 * 1024)
    assert "Up to 3 files, 10 MB each." in content["any"]["multipart/form-data"]["schema"]["description"]
    assert "description" not in content["any"]["application/json"]["schema"]


def test_a_page_to_copy_takes_files() -> None:
    page = unescape(Snippets().page(form(), "https://example.org"))
    assert 'enctype="multipart/form-data"' in page
    assert "Cv (PDF or Word document, 10 MB at most)" in page
    cv, photos = input_of(page, "cv"), input_of(page, "photos")
    assert (cv["type"], cv["accept"], "required" in cv) == ("file", DOCUMENTS, True)
    assert ("multiple" in photos, photos["data-max-count"]) == (True, "4")
