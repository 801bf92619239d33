"""Uploads that want to do harm: each is refused with nothing left of it, or kept under a name and type that do none."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from gateway.files import names
from shared.contracts import SubmissionAccepted
from shared.files import MemoryFiles
from support.gateway_app import Gateway, a_gateway, errors_of
from support.multipart import Sent, body_of, kind_of
from support.sample_files import CONTRADICTING, DANGEROUS, HONEST, LOCKED, picture, zipped

FORMS = """
[forms.any]
files = {undeclared = true, max_size = "10 MB", max_count = 20}
[forms.narrow]
fields.photo = {type = "file", types = ["image"]}
"""
NOT_ALLOWED = [("FILE_TYPE_NOT_ALLOWED", "photo")]


@pytest.fixture
def files() -> MemoryFiles:
    return MemoryFiles()


@pytest.fixture
def gateway(tmp_path: Path, files: MemoryFiles) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS, files=files)


def send(gateway: Gateway, *parts: Sent, form: str = "any") -> TestResponse:
    return gateway.client.post(f"/f/{form}", data=body_of(*parts), content_type=kind_of())


def taken(gateway: Gateway, *parts: Sent, form: str = "any") -> SubmissionAccepted:
    answer = send(gateway, *parts, form=form)
    assert answer.status_code == 202, answer.text
    [event] = gateway.take_published()
    return event


@pytest.mark.parametrize("form", ["any", "narrow"])
@pytest.mark.parametrize(
    ("name", "content"), [*DANGEROUS.items(), *CONTRADICTING.items(), *LOCKED.items()], ids=lambda one: str(one)[:20]
)
def test_what_harms_is_refused_and_nothing_is_left(
    gateway: Gateway, files: MemoryFiles, form: str, name: str, content: bytes
) -> None:
    answer = send(gateway, Sent("photo", content, name, "image/png"), form=form)
    assert (answer.status_code, errors_of(answer)) == (422, NOT_ALLOWED)
    assert gateway.published() == []
    assert files.files == {}


def test_what_a_client_says_of_the_type_counts_for_nothing(gateway: Gateway) -> None:
    for said in ("text/html", "image/svg+xml", "application/x-msdownload", "nonsense", "image/png; x=\x01"):
        [file] = taken(gateway, Sent("photo", picture("PNG"), "x.png", said)).files
        assert file.type == "image/png"
        answer = send(gateway, Sent("photo", DANGEROUS["page.html"], "x.png", said))
        assert errors_of(answer) == NOT_ALLOWED


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../../etc/cron.d/x.txt", "x.txt"),
        ("..\\..\\Windows\\x.txt", "x.txt"),
        ("C:\\fakepath\\x.txt", "x.txt"),
        ("..", "file"),
        ("x.txt\x00.png", "x.txt.png"),
        ("x\u202egnp.txt", "xgnp.txt"),
        ("<img src=x onerror=alert(1)>.txt", "_img src=x onerror=alert(1)_.txt"),
        ("=cmd|'/c calc'!A1.txt", "c calc'!A1.txt"),
        ("nul.txt", "_nul.txt"),
        ("x.php.txt", "x.php.txt"),
        ("%2e%2e%2fx.txt", "%2e%2e%2fx.txt"),
    ],
)
def test_a_name_that_wants_more_than_to_name(gateway: Gateway, files: MemoryFiles, given: str, name: str) -> None:
    content = picture("PNG") if name.endswith("png") else b"text"
    [file] = taken(gateway, Sent("photo", content, given)).files
    assert file.name == name
    assert file.given == given.replace("\x00", "\ufffd")
    assert set(file.key) <= set("abcdefghijklmnopqrstuvwxyz0123456789/-")
    assert list(files.files) == [file.key]


@pytest.mark.parametrize("name", ["cv.pdf.exe", "cv.pdf .exe", "cv.pdf\u202efdp.exe", "cv.pdf\u200b.exe", "x.exe."])
def test_a_double_ending_is_the_last_one(gateway: Gateway, name: str) -> None:
    answer = send(gateway, Sent("photo", HONEST["cv.pdf"][0], name))
    assert errors_of(answer) == NOT_ALLOWED


@pytest.mark.parametrize(
    "name", ["x.slk", "x.iqy", "x.rdp", "x.appref-ms", "x.inetloc", "x.terminal", "x.mobileconfig"]
)
def test_a_text_that_does_something_when_it_is_opened_is_refused(gateway: Gateway, name: str) -> None:
    answer = send(gateway, Sent("photo", b"ID;P\nO;E\nNN;NAuto_open;ER101C1\n", name))
    assert errors_of(answer) == NOT_ALLOWED


def test_a_name_of_64_kb_costs_nothing(gateway: Gateway, files: MemoryFiles) -> None:
    began_s = time.process_time()
    answer = send(gateway, Sent("photo", b"text", "x" * 65536 + ".txt"))
    assert answer.status_code in {400, 202}
    if answer.status_code == 202:
        [file] = gateway.take_published()[0].files
        assert len(file.name.encode()) <= names.NAME_BYTES
    [file] = taken(gateway, Sent("photo", b"text", "ä" * 4000 + ".txt")).files
    assert len(file.name.encode()) <= names.NAME_BYTES
    assert file.name.endswith("ä.txt")
    assert len(file.given) == names.GIVEN_CHARACTERS
    assert time.process_time() - began_s < 1.0


@pytest.mark.parametrize("name", ["x" * 256, "x" * 5000, "x\x00y"], ids=["long", "longer", "NUL"])
@pytest.mark.parametrize("headers", [{}, {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}], ids=["API", "page"])
def test_a_field_name_that_no_event_can_tell_of_is_refused(
    gateway: Gateway, files: MemoryFiles, name: str, headers: dict[str, str]
) -> None:
    """A 202 for it would be a lie: nobody who reads the event would take it."""
    body = body_of(Sent("photo", b"text", "x.txt"), Sent(name, b"text", "x.txt"))
    answer = gateway.client.post("/f/any", data=body, content_type=kind_of(), headers=headers)
    assert answer.status_code == 422
    assert name not in answer.text
    assert gateway.published() == []
    assert files.files == {}


def test_a_field_name_just_within_the_limit_is_taken(gateway: Gateway) -> None:
    [file] = taken(gateway, Sent("ä" * 255, b"text", "x.txt")).files
    assert file.field == "ä" * 255


def test_a_bomb_is_kept_as_small_as_it_came(gateway: Gateway, files: MemoryFiles) -> None:
    """A thousandfold, packed twice, and an old trick of names without end: none is ever unpacked."""
    bomb = zipped(*(f"{number}.zip" for number in range(20)), content=zipped("a.txt", content=bytes(20_000_000)))
    began_s = time.process_time()
    [file] = taken(gateway, Sent("photo", bomb, "all.zip")).files
    assert time.process_time() - began_s < 1.0
    assert (file.type, file.size) == ("application/zip", len(bomb))
    assert files.files[file.key][0] == bomb


def test_a_picture_of_a_trillion_pixels_is_bytes_like_any(gateway: Gateway) -> None:
    header = b"IHDR" + (2**20 - 1).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    bomb = picture("PNG").replace(picture("PNG")[12:29], header)
    began_s = time.process_time()
    assert taken(gateway, Sent("photo", bomb, "x.png")).files[0].size == len(bomb)
    assert time.process_time() - began_s < 1.0


def test_a_polyglot_is_what_its_first_bytes_say(gateway: Gateway) -> None:
    script = b"<script>alert(1)</script>"
    for name, content, kind in (
        ("x.gif", b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + script, "image/gif"),
        ("x.pdf", HONEST["cv.pdf"][0] + zipped("a.class"), "application/pdf"),
        ("x.zip", zipped("a.txt") + script, "application/zip"),
    ):
        [file] = taken(gateway, Sent("photo", content, name)).files
        assert (file.type, file.name) == (kind, name)
        for ending in ("html", "js", "jar", "svg"):
            answer = send(gateway, Sent("photo", content, f"x.{ending}"))
            assert errors_of(answer) == NOT_ALLOWED


def test_a_name_hides_no_second_one(gateway: Gateway) -> None:
    """What stands behind a line end, a quotation mark or a semicolon is no header and no other file."""
    for given in ("x.txt%22; filename=%22y.txt", "x.txt%0D%0AX-More: yes", "x.txt%22; name=%22other"):
        [file] = taken(gateway, Sent("photo", b"text", given)).files
        assert file.field == "photo"
        assert file.name.startswith("x.txt")
