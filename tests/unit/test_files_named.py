"""How files that strangers sent are named and typed when they are handed out."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage_service.console.files.kinds import BYTES, served_kind
from storage_service.console.files.naming import disposition
from storage_service.files.names import NAME_BYTES, safe_name

RLO = "\u202e"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cv.pdf", 'attachment; filename="cv.pdf"'),
        (
            "Lebenslauf Größe.pdf",
            "attachment; filename=\"Lebenslauf Groe.pdf\"; filename*=UTF-8''Lebenslauf%20Gr%C3%B6%C3%9Fe.pdf",
        ),
        ("履歴書.pdf", "attachment; filename=\"pdf\"; filename*=UTF-8''%E5%B1%A5%E6%AD%B4%E6%9B%B8.pdf"),
        ('a"b;c.pdf', "attachment; filename=\"a_b_c.pdf\"; filename*=UTF-8''a_b%3Bc.pdf"),
        ("", 'attachment; filename="file"'),
        ("-.bashrc", 'attachment; filename="bashrc"'),
        ("../../etc/passwd", 'attachment; filename="_.._etc_passwd"'),
        ("a\r\nSet-Cookie: x=1", 'attachment; filename="a Set-Cookie_ x=1"'),
        (f"cv{RLO}fdp.exe", 'attachment; filename="cvfdp.exe"'),
        ("con.txt", 'attachment; filename="_con.txt"'),
        (".htaccess", 'attachment; filename="htaccess"'),
        ("100%25.txt", "attachment; filename=\"100_25.txt\"; filename*=UTF-8''100%2525.txt"),
    ],
)
def test_a_name_is_said_for_old_and_new_readers(name: str, value: str) -> None:
    assert disposition(name) == value


@given(st.text(max_size=300))
def test_no_name_leads_elsewhere_or_breaks_the_header(name: str) -> None:
    safe, value = safe_name(name), disposition(name)
    assert 0 < len(safe.encode()) <= NAME_BYTES + 1
    assert not re.search(r'[\x00-\x1f\x7f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]', safe)
    assert safe not in (".", "..")
    assert value.isascii()
    assert value.isprintable()
    found = re.fullmatch(r"attachment; filename=\"([^\"\\]+)\"(?:; filename\*=UTF-8''(\S+))?", value)
    assert found
    assert found[2] is None or unquote(found[2]) == safe


def test_a_long_name_keeps_its_ending() -> None:
    assert safe_name("ä" * 200 + ".pdf").endswith("ä.pdf")
    assert len(safe_name("." + "a" * 400)) == NAME_BYTES


@pytest.mark.parametrize(
    "kind",
    [
        *("text/html", "image/svg+xml", "text/xml", "application/xml", "application/xhtml+xml", "text/javascript"),
        *("application/javascript", "text/css", "application/x-shockwave-flash", "text/vtt", "application/wasm"),
        *("application/rss+xml", "multipart/related", "message/rfc822", "application/vnd.mozilla.xul+xml", "text/xsl"),
        *("", "image/svg+xml; charset=utf-8", "IMAGE/SVG+XML", "text/html\r\nX: 1", "audio/x+xml", "video/html"),
    ],
)
def test_what_a_browser_could_run_is_bytes(kind: str) -> None:
    assert served_kind(kind) == BYTES


@pytest.mark.parametrize(
    ("kind", "served"),
    [
        ("application/pdf", "application/pdf"),
        ("image/jpeg", "image/jpeg"),
        ("text/plain", "text/plain; charset=utf-8"),
        (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
    ],
)
def test_what_no_browser_runs_keeps_its_type(kind: str, served: str) -> None:
    assert served_kind(kind) == served
