"""What a file is, by its content and its name, and what a form takes of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.files import names, types
from gateway.http.errors import Refused
from shared.forms import kinds
from shared.forms.kinds import dangers, table, words
from support.sample_files import CONTRADICTING, DANGEROUS, DOCX, HONEST, LOCKED, picture, zipped


@dataclass(frozen=True)
class Taking:
    types: tuple[str, ...] = ()


def refusal_of(name: str, head: bytes, *types_taken: str) -> str | None:
    try:
        types.check(types.found(head, name), Taking(types_taken), "cv")
    except Refused as error:
        refusal = error
    else:
        return None
    assert refusal.status == 422
    assert [(error.code, error.field) for error in refusal.errors] == [("FILE_TYPE_NOT_ALLOWED", "cv")]
    return refusal.title


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_is_what_it_says(name: str) -> None:
    head, mime = HONEST[name]
    assert types.found(head, name).mime == mime
    assert refusal_of(name, head) is None


@pytest.mark.parametrize("name", DANGEROUS)
def test_what_is_dangerous_has_to_be_named(name: str) -> None:
    reason = refusal_of(name, DANGEROUS[name])
    assert reason
    assert "is not taken here" in reason
    assert refusal_of(name, DANGEROUS[name], *table.FAMILIES)
    ending = types.found(DANGEROUS[name], name).ending
    if ending:
        assert refusal_of(name, DANGEROUS[name], ending) is None


def test_a_refusal_says_what_helps() -> None:
    svg = "The file is an SVG picture (it can hold scripts): that is not taken here."
    assert refusal_of("logo.svg", DANGEROUS["logo.svg"]) == svg
    assert refusal_of("logo.svg", DANGEROUS["logo.svg"], "image") == f"{svg} Send: picture."
    assert refusal_of("cv.pdf", b"", "pdf") == "The file is empty. Please choose another one."
    program = "The file's name ends in .pdf, but its content is of another type (a program)."
    assert refusal_of("cv.pdf", b"MZ" + bytes(100)) == program


@pytest.mark.parametrize("name", [name for name, head in CONTRADICTING.items() if head])
def test_what_holds_something_else_than_its_name_says_is_refused(name: str) -> None:
    reason = refusal_of(name, CONTRADICTING[name])
    assert reason
    assert reason.startswith(f"The file's name ends in .{names.ending(name)}, but its content is of another type (")
    assert refusal_of(name, CONTRADICTING[name], names.ending(name), "html", "exe", "svg")


@pytest.mark.parametrize("name", LOCKED)
def test_what_is_locked_is_refused_where_the_form_does_not_take_it(name: str) -> None:
    assert "locked" in (refusal_of(name, LOCKED[name]) or "")
    assert "locked" in (refusal_of(name, LOCKED[name], names.ending(name)) or "")
    assert refusal_of(name, LOCKED[name], "archive", "document", "encrypted") is None
    assert refusal_of(name, LOCKED[name], "encrypted") is None


@pytest.mark.parametrize(
    ("taken", "name", "held", "said"),
    [
        (("pdf", "image"), "cv.pdf", "cv.pdf", None),
        (("pdf", "image"), "x.jpg", "photo.jpg", None),
        (("pdf", "image"), "x", "photo.jpg", None),
        (("pdf", "image"), "cv.docx", "cv.docx", "Send: PDF or picture."),
        (("document",), "cv.pdf", "cv.pdf", None),
        (("docx",), "cv.docx", "cv.docx", None),
        (("docx",), "cv.doc", "cv.doc", "Send: Word document."),
        (("application/pdf",), "cv.pdf", "cv.pdf", None),
        (("image/*",), "x.webp", "photo.webp", None),
        (("png",), "x.png", "photo.jpg", "Send: PNG picture."),  # a JPEG, whatever its name says
        (("image",), "x.png", "photo.jpg", None),
        (("image",), "x.jpg", "IMG_1.HEIC", None),
        (("image",), "x.foo", "photo.jpg", "Send: picture."),  # nobody knows what opens that
        (("dwg", "pdf"), "house.dwg", "house.dwg", None),
        (("pdf",), "house.dwg", "house.dwg", "Send: PDF."),
        (("gpx",), "track.gpx", "note.txt", None),
        (("audio",), "memo.webm", "clip.webm", None),
        (("text",), "sums.csv", "sums.csv", None),
        (("spreadsheet", "text"), "note.txt", "sums.csv", None),
        (("archive",), "all.zip", "all.zip", None),
        (("image",), "all.zip", "all.zip", "Send: picture."),
        (("dwg", "mp3"), "x", "cv.pdf", "Send: .dwg file or MP3 recording."),
    ],
)
def test_what_a_form_takes(taken: tuple[str, ...], name: str, held: str, said: str | None) -> None:
    reason = refusal_of(name, HONEST[held][0], *taken)
    assert reason == (said and f"A file of this type is not taken here. {said}")


def test_a_named_svg_is_taken_and_a_page_by_that_name_too() -> None:
    assert refusal_of("logo.svg", DANGEROUS["logo.svg"], "image/svg+xml") is None
    assert refusal_of("logo.svg", DANGEROUS["logo.svg"], "image") is not None
    assert types.found(DANGEROUS["logo.svg"], "logo.svg").mime == "image/svg+xml"


def test_a_polyglot_is_what_its_first_bytes_say_and_its_name_agrees_with() -> None:
    """It is harmless then: nothing is shown in a page, and the program of its ending opens it."""
    for name, head in {
        "photo.gif": b"GIF89a=1;\0alert(1)//<script>alert(1)</script>",
        "photo.jpg": picture("JPEG")[:2] + b"\xff\xfe\x00\x10*/alert(1);/*\0",
        "cv.pdf": b"%PDF-1.7\n%\xe2\xe3\n" + zipped("a.txt"),
        "all.zip": zipped("a.txt") + b"<script>alert(1)</script>",
    }.items():
        assert refusal_of(name, head) is None
        assert refusal_of(name.rpartition(".")[0] + ".html", head)
        assert refusal_of(name.rpartition(".")[0] + ".js", head)
        assert refusal_of(name.rpartition(".")[0] + ".jar", head)


def test_a_bomb_is_never_unpacked() -> None:
    """Ten gigabytes in ten megabytes cost what ten megabytes of anything cost."""
    bomb = zipped("a.txt", "b.txt", content=bytes(50_000_000))
    assert len(bomb) < 200_000
    began_s = time.process_time()
    assert types.found(bomb[: types.HEAD_BYTES], "all.zip").mime == "application/zip"
    assert types.found(bomb[: types.HEAD_BYTES], "cv.docx").mime.endswith("wordprocessingml.document")
    assert time.process_time() - began_s < 0.05


@pytest.mark.parametrize(
    "hostile", [b"PK\3\4", b"PK\3\4" + bytes(26), b"<", b"<!--", b"<?xml ", b" ", b"\xff", b"%PDF", b"Rar!\x1a\7\1\0"]
)
def test_a_hostile_head_costs_little(hostile: bytes) -> None:
    head = (hostile * types.HEAD_BYTES)[: types.HEAD_BYTES]
    began_s = time.process_time()
    for name in ("a.zip", "a.pdf", "a"):
        types.found(head, name)
    assert time.process_time() - began_s < 0.1


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"PK\3\4", b"Rar!\x1a\7\0", b"Rar!\x1a\7\1\0", DOCX[:40]]), st.text()
)
def test_any_bytes_under_any_name_have_a_type(head: bytes, before: bytes, name: str) -> None:
    found = types.found(before + head, names.clean(name))
    assert found.mime
    assert found.ending == found.ending.lower()


def test_no_family_has_anything_dangerous() -> None:
    assert not set(table.BY_ENDING) & set(dangers.BY_ENDING)
    assert not set(table.BY_MIME) & set(dangers.BY_MIME)
    assert all(family for family in table.FAMILIES.values())
    assert all(ending in dangers.BY_ENDING for endings in dangers.BY_MIME.values() for ending in endings)


@pytest.mark.parametrize("word", ["pdf", "image", "docx", "dwg", "image/png", "image/*", "image/svg+xml", "encrypted"])
def test_a_word_that_can_be_read(word: str) -> None:
    assert kinds.flaw_of(word) is None


@pytest.mark.parametrize(
    ("word", "mend"),
    [
        (".pdf", "without the dot"),
        ("PDF", "expected one of"),
        ("", "expected one of"),
        ("application/x-dwg", "name its ending"),
        ("*/*", "name its ending"),
        ("text/*", None),
        ("x" * 30, "expected one of"),
    ],
)
def test_a_word_that_cannot_be_read_has_a_mend(word: str, mend: str | None) -> None:
    flaw = kinds.flaw_of(word)
    assert flaw is None if mend is None else flaw is not None and mend in flaw


def test_the_attribute_and_the_words_of_types() -> None:
    assert kinds.accept(("pdf", "png", "dwg")) == "application/pdf,.pdf,image/png,.png,.dwg"
    assert kinds.accept(()) == kinds.in_words(()) == ""
    assert ".svg" not in kinds.accept(("image",))
    assert kinds.in_words(("pdf",)) == "PDF"
    assert kinds.in_words(("pdf", "image", "dwg", "encrypted")) == "PDF, picture or .dwg file"
    assert kinds.in_words(("image/*", "application/pdf", "docx")) == "picture, PDF or Word document"
    assert words.named_in(("image", "image/*", "svg", "text/html")) == {"svg", "html", "htm"}
