"""What a form may say of files: sizes, counts, types; and what follows where it does not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared import forms
from shared.forms import Files, FormsError, file, size_text
from shared.forms.kinds import flaw_of
from shared.forms.uploads.kinds import accept_of, kind_of, reason_to_fear
from shared.forms.uploads.sizes import MB, parse_size


def load(text: str, *, can_keep_files: bool = True) -> forms.Forms:
    return file.parse(text.encode(), Path("forms.toml"), can_keep_files=can_keep_files)


APPLY = """\
[forms.apply]
fields.name = {type = "text"}
fields.cv = {type = "file", required = true, max_size = "20 MB", types = ["pdf", ".DOCX", "image/*"]}
fields.photos = {type = "file", max_count = 12, keep_metadata = true}
files = {max_size = "5 MB", types = ["image"]}
"""


def test_a_field_takes_what_it_says_and_else_what_the_form_says() -> None:
    form = load(APPLY)["apply"]
    assert form.fields is not None
    cv, photos = form.fields["cv"].file, form.fields["photos"].file
    assert cv == forms.FileRules(20 * MB, 1, ("pdf", "docx", "image"))
    assert photos == forms.FileRules(5 * MB, 12, ("image",), keep_metadata=True)
    assert form.fields["name"].file is None
    assert form.takes_files
    assert [form.file_rules(name) for name in ("cv", "name", "other")] == [cv, None, None]


def test_a_form_takes_as_much_as_its_fields_together() -> None:
    files = load(APPLY)["apply"].files
    assert files is not None
    assert (files.max_total, files.max_count, files.when_away) == (50 * MB, 13, "refuse")
    one = load('[forms.a]\nfields.film = {type = "file", max_size = "100 MB"}')["a"].files
    assert one == Files(max_total=100 * MB)


def test_no_file_is_larger_than_all_may_be() -> None:
    form = load('[forms.a]\nfields.cv = {type = "file"}\nfiles.max_total = "2 MB"')["a"]
    assert form.fields is not None
    assert form.fields["cv"].file == forms.FileRules(2 * MB)


@pytest.mark.parametrize("also", ["", 'unknown = "keep"\nfields.name = {type = "text"}\n'])
def test_an_open_form_takes_files_under_any_name(also: str) -> None:
    form = load(f"[forms.a]\n{also}files = {{undeclared = true, max_count = 3}}")["a"]
    assert form.takes_files
    assert form.file_rules("upload") == forms.FileRules(max_count=3)
    assert form.file_rules("name") == (None if also else form.file_rules("upload"))


def test_a_form_that_says_nothing_takes_none() -> None:
    form = load("[forms.a]")["a"]
    assert (form.files, form.takes_files, form.file_rules("x")) == (None, False, None)


WRONG = """\
[forms.a]
files = {max_size = 10, types = ["images", "a b"], max_total = "1 TB", when_away = "hope"}
fields.x = {type = "file", sensitive = true, choices = ["a"], max_count = 51, types = []}
[forms.b]
fields.email = {type = "file", max_size = "9 MB"}
fields.a = {type = "text", max_size = "1 MB"}
fields.c = {type = "file", max_size = "101 MB"}
fields.d = {type = "file", max_count = 4}
files = {max_total = "1 MB", max_count = 3, max_size = "2 MB"}
[forms.c]
fields.a = {type = "text"}
files.undeclared = true
[forms.d]
files.max_size = "1MB"
[forms.e]
fields.a = {type = "text"}
files.max_size = "0 MB"
"""


def test_every_error_names_its_place_and_the_mend() -> None:
    with pytest.raises(FormsError) as error:
        load(WRONG)
    closed = 'a form with fields takes no others: add fields of type file, or unknown = "keep"'
    size = "expected a number and kB or MB, such as 10 MB"
    assert [line.removeprefix("forms.toml:") for line in str(error.value).splitlines()] == [
        '2: forms.a.files.max_size: expected a size in quotes, such as "10 MB"',
        f"2: forms.a.files.max_total: {size}",
        "2: forms.a.files.types.0: images is called image here",
        f"2: forms.a.files.types.1: {flaw_of('a b')}",
        "2: forms.a.files.when_away: expected one of: refuse, accept",
        "3: forms.a.fields.x.max_count: expected a whole number from 1 to 50",
        "3: forms.a.fields.x.types: expected 1 to 100; leave it out to take every type",
        "3: forms.a.fields.x.choices: file has no choices; choice, list have",
        "3: forms.a.fields.x.sensitive: a file is not sealed: leave it out (docs/files.md says who can read files)",
        "5: forms.b.fields.email.type: what is called so is an address: call a file something else",
        "5: forms.b.fields.email.max_size: more than max_total of the form's files, 1 MB",
        "6: forms.b.fields.a.max_size: text has no max_size; only file has",
        "7: forms.b.fields.c.max_size: expected 100 MB at most",
        "8: forms.b.fields.d.max_count: more than max_count of the form's files, 3",
        "9: forms.b.files.max_size: more than max_total, 1 MB",
        f"12: forms.c.files.undeclared: {closed}",
        "14: forms.d.files: this form takes no files: undeclared = true takes files under any name",
        f"17: forms.e.files.max_size: {size}",
    ]


def test_without_a_store_a_form_that_takes_files_is_an_error() -> None:
    with pytest.raises(FormsError) as error:
        load(APPLY + "[forms.b]\nfiles.undeclared = true\n[forms.c]\n", can_keep_files=False)
    why = "nothing keeps files: COUNTERFOIL_FILES_URL is not set (docs/files.md)"
    assert str(error.value).splitlines() == [
        f"forms.toml:3: forms.apply.fields.cv.type: {why}",
        f"forms.toml:4: forms.apply.fields.photos.type: {why}",
        f"forms.toml:7: forms.b.files: {why}",
    ]


def test_types_that_can_hurt_are_warned_of() -> None:
    text = '[forms.a]\nfields.cv = {type = "file", types = ["pdf", "svg"]}\nfiles.types = ["text/html", "exe"]'
    said = forms.find_warnings(text.encode(), Path("f"), forms.FormSecrets(), [])
    svg, page = "an SVG picture (it can hold scripts)", "a web page"
    assert said == [
        f"f:2: warning: forms.a.fields.cv.types: svg can hurt whoever opens it: it is {svg}",
        f"f:3: warning: forms.a.files.types: text/html can hurt whoever opens it: it is {page}",
        "f:3: warning: forms.a.files.types: exe can hurt whoever opens it: it is a program",
    ]


@pytest.mark.parametrize(
    ("text", "size"), [("10 MB", 10 * MB), ("1.5mb", 3 * MB // 2), ("512 kB", MB // 2), ("1KB", 1024)]
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "10", "10 GB", "-1 MB", "0 kB", "1e9 MB", "9999999 MB", "0.0001 kB", "1 0 MB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 10 MB"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        *((1, "1 byte"), (900, "900 bytes"), (2048, "2 kB"), (1536, "1.5 kB"), (10 * MB, "10 MB"), (MB - 1, "1 MB")),
        *((1023 * MB, "1023 MB"), (1024 * MB - 1, "1 GB"), (1536 * MB, "1.5 GB")),
    ],
)
def test_sizes_are_written(size: int, text: str) -> None:
    assert size_text(size) == text


def test_what_may_be_chosen_in_a_browser() -> None:
    docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document,.docx"
    assert accept_of(("image", "pdf", "docx")) == f"image/*,application/pdf,.pdf,{docx}"
    assert accept_of(()) == ""


@pytest.mark.parametrize(
    ("written", "kind"), [("*.Pdf", "pdf"), (".DOCX", "docx"), ("image/*", "image"), ("dwg", "dwg")]
)
def test_types_are_read_as_they_are_written(written: str, kind: str) -> None:
    assert kind_of(written) == kind
    assert reason_to_fear(kind) is None
