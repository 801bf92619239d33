"""Files as owners read them, by the API and in the pages, on both databases."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import Engine, update
from structlog.testing import capture_logs

from shared.contracts import SubmissionAccepted, SubmittedFile
from shared.files import FileMissing, MemoryFiles, Opened, StoreUnavailable
from storage_service.files.reading import Uploads
from storage_service.previews.keys import preview_key
from storage_service.records.export import Places
from storage_service.tables import FILES
from support.console_app import ConsoleApp, a_console
from support.console_pages import reader
from support.events import an_event, with_files
from support.files import a_picture, lying, received
from support.submission_databases import migrated

CONTENT = bytes(range(256)) * 9000
"""More than two pieces of a store."""

FORMS = """
[forms.signup]
title = "Sign up"
[forms.signup.fields.cv]
type = "file"
label = "Your CV"
[forms.lenient]
files = {when_away = "accept", undeclared = true}
"""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path, definitions=FORMS, downloads=Places(2))


@dataclass
class World:
    console: ConsoleApp
    engine: Engine

    def one(self, content: bytes = CONTENT, form: str = "signup", **told: Any) -> str:
        """Store a submission with a file, and return where it is."""
        return f"/v1/submissions/{self.stored(lying(self.console, content, **told), form=form).id}/files/1"

    def stored(self, *files: SubmittedFile, form: str = "signup") -> SubmissionAccepted:
        event = with_files(an_event(form=form), *files)
        received(self.engine, event)
        return event

    @property
    def store(self) -> MemoryFiles:
        store = self.console.parts.uploads.store
        assert isinstance(store, MemoryFiles)
        return store

    def noted(self) -> list[tuple[str, str | None]]:
        return [(one.action, one.on) for one in self.console.parts.audit.page(50) if one.action.startswith("file.")]


@pytest.fixture
def world(console: ConsoleApp, engine: Engine) -> World:
    return World(console, engine)


def test_a_submission_tells_of_its_files(world: World) -> None:
    cv = lying(world.console, CONTENT, name="Größe.pdf", scan="clean")
    me = lying(world.console, a_picture("JPEG"), field="photo", name="me.jpg", type="image/jpeg", number=2)
    event = world.stored(cv, me)
    document = world.console.json(f"/v1/submissions/{event.id}")
    url = f"/v1/submissions/{event.id}/files/1"
    assert document["files"][0] == {
        "number": 1,
        "field": "cv",
        "name": "Größe.pdf",
        "type": "application/pdf",
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "scan": "clean",
        "url": url,
        "preview_url": None,
    }
    assert document["files"][1]["preview_url"] == f"/v1/submissions/{event.id}/files/2/preview"
    assert world.console.ask(url).data == CONTENT


def test_a_file_is_saved_and_nothing_else(world: World) -> None:
    answer = world.console.ask(world.one(name="cv.pdf"))
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert (answer.status_code, answer.data == CONTENT) == (200, True)
    assert dict(answer.headers) == {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": 'attachment; filename="cv.pdf"',
        "Content-Length": str(len(CONTENT)),
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "Content-Type": "application/pdf",
        "Cross-Origin-Resource-Policy": "same-origin",
        "ETag": f'"{sha256}"',
        "Referrer-Policy": "no-referrer",
        "X-Accel-Buffering": "no",
        "X-Content-Type-Options": "nosniff",
        "X-Download-Options": "noopen",
        "X-Frame-Options": "DENY",
    }


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, None),
        ("bytes=0-0", 0, 1),
        ("bytes=1000000-1500000", 1_000_000, 1_500_001),
        ("bytes=2000000-", 2_000_000, None),
        ("bytes=-10", len(CONTENT) - 10, None),
        (f"bytes=5-{10**12}", 5, None),
        (f"bytes=-{10**12}", 0, None),
    ],
)
def test_a_range_is_a_part(world: World, asked: str, start: int, end: int | None) -> None:
    answer = world.console.ask(world.one(), headers={"Range": asked})
    wanted = CONTENT[start:end]
    assert (answer.status_code, answer.data == wanted) == (206, True)
    assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(wanted) - 1}/{len(CONTENT)}"
    assert answer.headers["Content-Length"] == str(len(wanted))
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", f"bytes={10**12}-{10**13}"])
def test_where_nothing_is_is_416(world: World, asked: str) -> None:
    answer = world.console.ask(world.one(), headers={"Range": asked})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")


@pytest.mark.parametrize(
    "asked", ["bytes=5-1", "bytes=", "lines=1-2", "bytes=0-1,5-9", "bytes=a-b", "bytes=--5", "bytes=-0"]
)
def test_what_is_no_range_of_ours_is_answered_with_all(world: World, asked: str) -> None:
    answer = world.console.ask(world.one(), headers={"Range": asked})
    assert (answer.status_code, len(answer.data)) == (200, len(CONTENT))


def test_an_empty_file_has_no_ranges(world: World) -> None:
    place = world.one(b"")
    with capture_logs() as logged:
        answer = world.console.ask(place)
        assert answer.data == b""
        answer.close()
    assert [one for one in logged if one["log_level"] == "error"] == [], "it is as long as it was"
    assert world.console.ask(place, headers={"Range": "bytes=0-"}).status_code == 416


def test_whoever_has_it_gets_it_not_again(world: World) -> None:
    place, tag = world.one(), f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    for said in (tag, f"W/{tag}", f'"x", {tag}'):
        again = world.console.ask(place, headers={"If-None-Match": said})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    world.console.ask(place, headers={"If-None-Match": '"x"'}).close()
    for said, status in ((tag, 206), ('"x"', 200), (f"W/{tag}", 200), ("Mon, 30 Nov 2026 10:00:00 GMT", 200)):
        answer = world.console.ask(place, headers={"Range": "bytes=9-", "If-Range": said})
        assert answer.status_code == status
        answer.close()


def test_head_says_all_and_reads_nothing(world: World) -> None:
    place = world.one()
    answer = world.console.ask(place, method="HEAD")
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", str(len(CONTENT)))
    part = world.console.ask(place, method="HEAD", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.headers["Content-Length"]) == (206, "10")
    assert world.noted() == []


@pytest.mark.parametrize("name", ["1.5", "0", "2", "01", "-1", "a", "9999999", "%D9%A1"])
def test_what_is_no_file_is_404(world: World, name: str) -> None:
    place = world.one().removesuffix("1") + name
    assert world.console.refusal(place)[:2] == (404, "FILE_NOT_FOUND")


def test_files_of_what_came_later_are_beside_it(world: World) -> None:
    first = world.stored(lying(world.console, b"first"))
    later = with_files(replace(an_event(name="Bob"), id=first.id), lying(world.console, b"later", name="x.txt"))
    received(world.engine, later)
    (conflict,) = world.console.json(f"/v1/submissions/{first.id}")["conflicts"]
    (file,) = conflict["files"]
    assert file["url"] == f"/v1/submissions/{first.id}/conflicts/{later.fingerprint}/files/1"
    assert world.console.ask(file["url"]).data == b"later"
    assert world.console.ask(f"/v1/submissions/{first.id}/files/1").data == b"first"
    page = reader(world.console).text(f"/console/submissions/{first.id}")
    assert f'href="/console/submissions/{first.id}/conflicts/{later.fingerprint}/files/1"' in page
    beside = file["url"].replace(later.fingerprint, first.fingerprint)
    assert world.console.refusal(beside)[:2] == (404, "FILE_NOT_FOUND")


def test_no_key_of_another_form_and_none_without_reading_gets_a_file(world: World) -> None:
    first = world.stored(lying(world.console, a_picture("PNG"), type="image/png"))
    later = with_files(replace(an_event(name="Bob"), id=first.id), lying(world.console, a_picture("PNG"), number=2))
    received(world.engine, later)
    own, beside = f"/v1/submissions/{first.id}/files/1", f"/v1/submissions/{first.id}/conflicts/{later.fingerprint}"
    of_another, of_this = world.console.key("read", forms=["lenient"]), world.console.key("read", forms=["signup"])
    for place in (own, f"{own}/preview", f"{beside}/files/1", f"{beside}/files/1/preview"):
        assert world.console.ask(place, of_another).status_code == 404
        assert world.console.ask(place, world.console.key("export")).status_code == 403
        assert world.console.ask(place, None).status_code == 401
    assert world.console.ask(own, of_this).status_code == 200
    assert [on for _, on in world.noted()] == [own.removeprefix("/v1/submissions/")], "who got nothing is not noted"


def test_what_is_infected_or_not_scanned_is_not_handed_out(world: World, tmp_path: Path) -> None:
    infected, unscanned = world.one(scan="infected: Eicar"), world.one(scan="unscanned")
    lenient = world.one(form="lenient", scan="unscanned")
    assert world.console.refusal(infected)[:2] == (409, "FILE_INFECTED")
    assert world.console.refusal(f"{infected}/preview")[:2] == (409, "FILE_INFECTED")
    assert world.console.ask(unscanned).status_code == 200, "nobody scans here"
    scanned = a_console(
        world.engine,
        tmp_path,
        definitions=FORMS,
        uploads=Uploads.of(world.engine, world.store, has_scanner=True),
    )
    assert scanned.refusal(unscanned)[:2] == (409, "FILE_UNSCANNED")
    assert scanned.ask(lenient).status_code == 200
    page = reader(scanned).text(unscanned.replace("/v1/", "/console/").removesuffix("/files/1"))
    assert "No virus scanner has looked at this file yet" in page
    assert "download>" not in page


def test_the_store_away_or_without_the_file_is_said(world: World) -> None:
    place = world.one()
    world.store.failure = StoreUnavailable("away")
    answer = world.console.ask(place)
    assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (503, "FILES_UNAVAILABLE")
    assert answer.headers["Retry-After"] == "10"
    assert world.console.ask(place, method="HEAD").status_code == 503
    world.store.failure = None
    (key,) = world.store.files
    world.store.put(key, [b"another file"])
    assert world.console.refusal(place)[:2] == (410, "FILE_GONE"), "what lies there is not what was stored"
    world.store.delete([key])
    assert world.console.refusal(place)[:2] == (410, "FILE_GONE")


def test_without_a_store_files_are_gone(engine: Engine, world: World, tmp_path: Path) -> None:
    place = world.one()
    bare = a_console(engine, tmp_path, definitions=FORMS, uploads=Uploads.of(engine, None))
    assert bare.refusal(place)[:2] == (410, "FILE_GONE")
    assert bare.refusal(f"{place}/preview")[:2] == (404, "NO_PREVIEW")


class Breaking(MemoryFiles):
    """A store that is away after the first piece."""

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> Opened:
        opened = super().open(key, start=start, end=end)

        def pieces() -> Iterator[bytes]:
            yield next(opened.pieces)
            raise StoreUnavailable("away")

        return Opened(opened.size, pieces())


def test_a_store_that_breaks_off_leaves_less_than_was_said(engine: Engine, tmp_path: Path) -> None:
    console = a_console(engine, tmp_path, uploads=Uploads.of(engine, Breaking()), downloads=Places(1))
    place = World(console, engine).one()
    for _ in range(2):
        answer = console.ask(place)
        assert len(answer.data) < int(answer.headers["Content-Length"]) == len(CONTENT)
        answer.close()


def test_so_many_at_once_and_who_goes_makes_room(world: World) -> None:
    place = world.one()
    first, second = world.console.ask(place), world.console.ask(place)
    third = world.console.ask(place)
    assert (third.status_code, third.headers["Retry-After"]) == (503, "10")
    assert world.console.ask(place, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    first.close()
    for _ in range(3):
        again = world.console.ask(place)
        assert again.data == CONTENT
        again.close()
    second.close()


def test_the_audit_has_a_line_for_a_download_and_not_for_each_part(world: World) -> None:
    place = world.one()
    for start in range(5):
        world.console.ask(place, headers={"Range": f"bytes={start}-"}).close()
    world.console.ask(place).close()
    assert world.noted() == [("file.download", place.removeprefix("/v1/submissions/"))]
    other = world.console.key("read")
    world.console.ask(place, other).close()
    assert len(world.noted()) == 2


def test_a_preview_is_drawn_once_and_without_what_the_picture_says(world: World) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "where I live"
    place = world.one(a_picture("JPEG", (900, 600), exif=exif), name="me.jpg", type="image/jpeg")
    answer = world.console.ask(f"{place}/preview")
    assert answer.status_code == 200, answer.text
    small = Image.open(io.BytesIO(answer.data))
    assert (small.format, small.size) == ("WEBP", (213, 320)), "upright"
    assert b"where I live" not in answer.data
    assert not small.getexif()
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Content-Disposition"] == 'inline; filename="preview.webp"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    sha256 = answer.headers["ETag"].strip('"').removesuffix("-preview")
    (kept, _) = world.store.files[preview_key(sha256)]
    assert kept == answer.data
    world.store.files[preview_key(sha256)] = b"kept", world.store.files[preview_key(sha256)][1]
    assert world.console.ask(f"{place}/preview").data == b"kept"
    assert world.console.ask(f"{place}/preview", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert [action for action, _ in world.noted()] == ["file.preview"]


def test_what_cannot_be_drawn_is_tried_once(world: World) -> None:
    place = world.one(b"\x89PNG\r\n\x1a\n and nothing", name="me.png", type="image/png")
    assert world.console.refusal(f"{place}/preview")[:2] == (404, "NO_PREVIEW")
    sha256 = hashlib.sha256(b"\x89PNG\r\n\x1a\n and nothing").hexdigest()
    assert world.store.files[preview_key(sha256)][0] == b""
    assert world.console.refusal(f"{place}/preview")[:2] == (404, "NO_PREVIEW")
    assert world.console.refusal(f"{world.one(name='cv.pdf')}/preview")[:2] == (404, "NO_PREVIEW")


HOSTILE = {
    "text/html": b"<!doctype html><script>alert(document.domain)</script>",
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "application/xml": b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><x/>',
    "text/javascript": b"alert(1)",
    "application/xhtml+xml": b'<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
    "text/css": b"body { background: url(//evil.example) }",
    "application/x-shockwave-flash": b"FWS",
    "application/octet-stream": b"GIF89a/*<script>*/=1;alert(1)//",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_a_browser_could_run_is_bytes_to_be_saved(world: World, kind: str) -> None:
    place = world.one(HOSTILE[kind], name="x.html", type=kind)
    owner = reader(world.console)
    for answer in (world.console.ask(place), owner.get(place.replace("/v1/", "/console/"))):
        assert (answer.status_code, answer.data) == (200, HOSTILE[kind])
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="x.html"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_page_of_a_submission_lists_its_files(world: World) -> None:
    cv = lying(world.console, CONTENT, name="cv.pdf", given="C:\\fakepath\\<b>cv</b>\u202efdp.exe")
    me = lying(world.console, a_picture(), field="photo", name='"><script>.png', type="image/png", number=2)
    bad = lying(world.console, b"x", name="bad.pdf", number=3, scan="infected")
    event = world.stored(cv, me, bad)
    owner = reader(world.console)
    page = owner.text(f"/console/submissions/{event.id}")
    files = f"/console/submissions/{event.id}/files"
    assert "3 files" in page
    assert f'<a href="{files}/1" download>' in page
    assert "Your CV" in page
    assert "2 MB" in page
    assert f'<img src="{files}/2/preview" alt=""' in page
    assert "<script>.png" not in page
    assert "&lt;b&gt;cv" in page
    assert "\u202e" not in page
    assert f'href="{files}/3"' not in page
    assert "The virus scanner found something" in page
    assert owner.get(f"{files}/1").data == CONTENT
    assert owner.get(f"{files}/2/preview").headers["Content-Type"] == "image/webp"
    assert owner.get(f"{files}/3").status_code == 409
    assert owner.get(f"{files}/9").status_code == 404


def test_the_inbox_marks_what_has_files(world: World) -> None:
    world.stored(lying(world.console, b"x"), lying(world.console, b"y", number=2))
    received(world.engine, an_event())
    page = reader(world.console).text("/console/inbox?q=")
    assert page.count('class="badge clip"') == 1
    assert 'title="2 files"' in page


def test_a_file_whose_row_goes_is_gone_for_its_preview_too(world: World) -> None:
    place = world.one(a_picture(), name="me.png", type="image/png")
    uploads = world.console.parts.uploads
    (key,) = world.store.files
    file = uploads.own(_id_in(place))[0]
    with world.engine.begin() as connection:
        connection.execute(update(FILES.files).values(key="signup/2026-11-30/another/1"))
    with pytest.raises(FileMissing):
        uploads.preview(file, [_id_in(place)])
    assert list(world.store.files) == [key]


def _id_in(place: str) -> UUID:
    return UUID(place.split("/")[3])
