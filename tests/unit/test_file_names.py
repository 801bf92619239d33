"""What a file is called after a stranger's program has named it."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from gateway.files import names
from shared.text import flaw_of


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("cv.pdf", "cv.pdf"),
        ("Lebenslauf März.PDF", "Lebenslauf März.PDF"),
        ("履歴書.docx", "履歴書.docx"),
        ("C:\\fakepath\\cv.pdf", "cv.pdf"),
        ("C:cv.pdf", "cv.pdf"),
        ("\\\\server\\share\\cv.pdf", "cv.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a/b\\c.txt", "c.txt"),
        ("folder/", "folder"),
        ("..", "file"),
        ("...", "file"),
        ("", "file"),
        ("/", "file"),
        (" . ", "file"),
        ("cv.pdf\x00.exe", "cv.pdf.exe"),
        ("cv.pdf\r\nX: y", "cv.pdf X_ y"),
        ("cv\u202efdp.exe", "cvfdp.exe"),
        ("\u2066cv\u2069.pdf", "cv.pdf"),
        ("c\u200bv\ufeff.p\u200ddf", "cv.pdf"),
        ("\u3164\u115f", "file"),
        ("cv.pdf                                  .exe", "cv.pdf.exe"),
        ("cv\u00a0\u2003x.pdf", "cv x.pdf"),
        ("cafe\u0301.pdf", "café.pdf"),
        ("cv.pdf.", "cv.pdf"),
        ("cv.pdf . . ", "cv.pdf"),
        (".htaccess", "htaccess"),
        ("a.txt:evil.exe", "a.txt_evil.exe"),
        ("cv.exe::$DATA", "cv.exe__$DATA"),
        ('<script>"|?*.txt', "_script_____.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("LPT².pdf", "_LPT².pdf"),
        ("Console.txt", "Console.txt"),
        ("aux .txt", "_aux.txt"),
        ("\ud800cv.pdf", "cv.pdf"),
    ],
)
def test_a_clean_name(given: str, clean: str) -> None:
    assert names.clean(given) == clean


def test_a_long_name_keeps_its_ending_and_whole_characters() -> None:
    for stem in ("x" * 300, "ä" * 300, "履" * 300, "🎉" * 300, "e\u0301" * 300):
        name = names.clean(f"{stem}.pdf")
        assert name.endswith(".pdf")
        assert 140 <= len(name.encode()) <= names.NAME_BYTES
        assert name.removesuffix(".pdf").strip(unicodedata.normalize("NFC", stem)) in {"", "e"}
    assert len(names.clean("." + "x" * 300).encode()) == names.NAME_BYTES


@pytest.mark.parametrize("hostile", ["x", "\u0301\u0316", "../", "\u202e", ".", " ", ";", "🎉", "\ud800"])
def test_a_name_of_64_kb_costs_little(hostile: str) -> None:
    began_s = time.process_time()
    name = names.clean("a" + hostile * 65536 + ".pdf")
    names.given(b"form-data; name=x; filename=" + (hostile * 65536).encode("utf-8", "replace"))
    names.given(('form-data; name="' + f'{hostile};a="\\' * 10_000).encode("utf-8", "replace"))
    assert time.process_time() - began_s < 0.5
    assert len(name.encode()) <= names.NAME_BYTES


@examples(st.text() | st.text(alphabet="./\\:. conNUL1\u0301e\u202e<K\u212a", max_size=200))
def test_any_name_is_good_everywhere(given: str) -> None:
    name = names.clean(given)
    assert 0 < len(name.encode("utf-8")) <= names.NAME_BYTES
    assert not set(name) & set('<>:"/\\|?*\x00')
    assert name not in {".", ".."}
    assert name == name.strip(". ") == unicodedata.normalize("NFC", name)
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in name)
    assert names.clean(name) == name
    assert flaw_of(names.kept(given)) is None
    assert len(names.kept(given)) <= names.GIVEN_CHARACTERS


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'form-data; name="cv"; filename="cv.pdf"', "cv.pdf"),
        (b"form-data; name=cv; filename=cv.pdf", "cv.pdf"),
        (b'form-data; filename="cv.pdf"; name="cv"', "cv.pdf"),
        (b'form-data; name="cv"; FileName = "cv.pdf"', "cv.pdf"),
        (b'form-data; name="cv"; filename=""', ""),
        (b'form-data; name="cv"', None),
        # browsers: UTF-8, and a quotation mark and line ends as percent signs, no other
        ('form-data; name="cv"; filename="Lebenslauf März.pdf"'.encode(), "Lebenslauf März.pdf"),
        (b'form-data; name="cv"; filename="a%22b%0D%0A%20.pdf"', 'a"b%20.pdf'),
        # curl before 7.81, Firefox before 90
        (b'form-data; name="cv"; filename="a\\"b.pdf"', 'a"b.pdf'),
        (b'form-data; name="cv"; filename="C:\\dir\\cv.pdf"', "C:\\dir\\cv.pdf"),
        # urllib3 1, .NET
        (b"form-data; name=\"cv\"; filename*=utf-8''M%C3%A4rz.pdf", "März.pdf"),
        (b'form-data; name="cv"; filename="=?utf-8?B?TQ==?="; filename*=utf-8\'\'M%C3%A4rz.pdf', "März.pdf"),
        (b"form-data; name=\"cv\"; filename*=iso-8859-1'de'M%E4rz.pdf", "März.pdf"),
        (b'form-data; name="cv"; filename*=nonsense; filename="cv.pdf"', "cv.pdf"),
        # a page in Windows-1252
        (b'form-data; name="cv"; filename="M\xe4rz \x80.pdf"', "März €.pdf"),
        # what stands in another parameter is no name
        (b'form-data; name="; filename=evil.exe"; filename="cv.pdf"', "cv.pdf"),
        (b'form-data; name="a\\"; filename=\\"evil.exe"; filename="cv.pdf"', "cv.pdf"),
        (b'form-data; name="cv"; filename="a;b.pdf"', "a;b.pdf"),
        (b'form-data; name="cv"; filename="unclosed.pdf', '"unclosed.pdf'),
        (b'form-data; name="cv"; filename="first.pdf"; filename="second.exe"', "first.pdf"),
    ],
)
def test_the_name_that_a_client_has_sent(disposition: bytes, name: str | None) -> None:
    assert names.given(disposition) == name


@examples(st.binary())
def test_any_bytes_have_a_name(disposition: bytes) -> None:
    assert names.clean(names.given(b"form-data; filename=" + disposition) or "")
