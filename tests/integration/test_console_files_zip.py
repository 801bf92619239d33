"""`GET /v1/export?files=zip`: the table, the files, and a list of them, in one ZIP."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from shared.contracts import SubmissionAccepted, SubmittedFile
from shared.files import MemoryFiles, StoreUnavailable
from storage_service.console.files import bundle
from storage_service.files.reading import Uploads
from support.console_app import ConsoleApp, a_console
from support.console_pages import reader
from support.events import an_event, with_files
from support.files import lying, received
from support.submission_databases import migrated

_PART = re.compile(r"[^\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e]{1,160}")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path)


def stored(console: ConsoleApp, engine: Engine, *files: SubmittedFile, form: str = "signup") -> SubmissionAccepted:
    event = an_event(form=form)
    event = with_files(event, *files) if files else event
    received(engine, event)
    return event


def unpacked(content: bytes) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return archive


def listed(archive: zipfile.ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read("files.csv").decode())))


def store_of(console: ConsoleApp) -> MemoryFiles:
    store = console.parts.uploads.store
    assert isinstance(store, MemoryFiles)
    return store


@pytest.mark.parametrize("format_", ["csv", "ndjson", "json", "xlsx"])
def test_it_has_the_table_the_files_and_their_list(console: ConsoleApp, engine: Engine, format_: str) -> None:
    big = bytes(range(256)) * 12_000
    one = stored(console, engine, lying(console, b"cv", name="cv.pdf"), lying(console, big, name="cv.pdf", number=2))
    stored(console, engine)
    answer = console.ask(f"/v1/export?files=zip&q=form:signup&format={format_}", console.key("export"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    assert re.fullmatch(r'attachment; filename="signup-[0-9-]+\.zip"', answer.headers["Content-Disposition"])
    expected = {name: answer.headers[f"X-{name}-Expected"] for name in ("Rows", "Files", "Bytes")}
    assert expected == {"Rows": "2", "Files": "2", "Bytes": str(2 + len(big))}
    archive = unpacked(answer.data)
    table, *files, last = archive.namelist()
    assert re.fullmatch(rf"signup-[0-9-]+\.{format_}", table)
    assert files == [f"files/signup/{one.id}/1 cv.pdf", f"files/signup/{one.id}/2 cv.pdf"]
    assert last == "files.csv"
    assert [archive.read(name) for name in files] == [b"cv", big]
    assert [row["path"] for row in listed(archive)] == files
    noted = [(line.action, line.count) for line in console.parts.audit.page(2)]
    assert noted == [("export.files", 2), (f"export.{format_}", 2)]


HOSTILE_NAMES = [
    "../../../etc/passwd",
    "..\\..\\boot.ini",
    "/etc/shadow",
    "C:\\autoexec.bat",
    "con",
    "NUL.txt",
    "a\x00b",
    "x\u202efdp.exe",
    "=cmd|' /C calc'!A0",
    "." * 100,
    "ä" * 300 + ".pdf",
    " ",
    "trailing. . ",
]


def test_no_name_leads_out_of_its_folder(console: ConsoleApp, engine: Engine, tmp_path: Path) -> None:
    files = [lying(console, b"x", name=name, number=at) for at, name in enumerate(HOSTILE_NAMES, 1) if "\0" not in name]
    one = stored(console, engine, *files)
    archive = unpacked(console.ask("/v1/export?files=zip").data)
    names = archive.namelist()
    inside = [name for name in names if name.startswith("files/")]
    assert len(set(map(str.casefold, inside))) == len(files) == len(inside)
    for name in inside:
        root, form, key, last = name.split("/")
        assert (root, form, key) == ("files", "signup", str(one.id))
        assert _PART.fullmatch(last), last
        assert not last.endswith((".", " "))
        assert len(name.encode()) < 240
    archive.extractall(tmp_path / "out")
    outside = [one for one in (tmp_path / "out").rglob("*") if not one.resolve().is_relative_to(tmp_path / "out")]
    assert outside == []
    cells = [cell for row in listed(archive) for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith("=")]


def test_what_is_left_out_stands_in_the_list_with_its_reason(console: ConsoleApp, engine: Engine) -> None:
    good, bad = lying(console, b"good"), lying(console, b"bad", number=2, scan="infected: Eicar")
    gone = lying(console, b"gone", number=3)
    stored(console, engine, good, bad, gone)
    store_of(console).delete([gone.key])
    archive = unpacked(console.ask("/v1/export?files=zip").data)
    assert [name.rpartition("/")[2] for name in archive.namelist()[1:]] == ["1 cv.pdf", "files.csv"]
    assert [(row["number"], row["path"] != "", row["left_out"]) for row in listed(archive)] == [
        ("1", True, ""),
        ("2", False, "the virus scanner found something in it"),
        ("3", False, "it is not in the store any more"),
    ]


def test_a_key_gets_the_files_of_its_forms_alone(console: ConsoleApp, engine: Engine) -> None:
    stored(console, engine, lying(console, b"mine"))
    stored(console, engine, lying(console, b"theirs"), form="contact")
    archive = unpacked(console.ask("/v1/export?files=zip", console.key("export", forms=["signup"])).data)
    assert [row["form"] for row in listed(archive)] == ["signup"]
    assert console.ask("/v1/export?files=zip", console.key("read")).status_code == 403
    assert console.refusal("/v1/export?files=tar")[::2] == (400, "files")


def test_too_much_is_refused_before_it_begins(
    console: ConsoleApp, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(console, engine, lying(console, b"one"), lying(console, b"two", number=2))
    monkeypatch.setattr(bundle, "FILES_MOST", 1)
    assert console.refusal("/v1/export?files=zip") == (422, "TOO_MUCH", "files")
    monkeypatch.setattr(bundle, "FILES_MOST", 2)
    monkeypatch.setattr(bundle, "BYTES_MOST", 5)
    assert console.refusal("/v1/export?files=zip") == (422, "TOO_MUCH", "files")
    monkeypatch.setattr(bundle, "BYTES_MOST", 6)
    for _ in range(6):  # places are free again
        assert console.ask("/v1/export?files=zip").data


def test_a_store_that_goes_away_leaves_no_good_end(engine: Engine, tmp_path: Path) -> None:
    store = MemoryFiles()
    console = a_console(engine, tmp_path, uploads=Uploads.of(engine, store))
    stored(console, engine, lying(console, b"x" * 3_000_000))
    answer = console.ask("/v1/export?files=zip", buffered=False)
    pieces = answer.iter_encoded()
    came = next(pieces)
    store.failure = StoreUnavailable("away")
    for piece in pieces:
        if not piece:  # it goes on without a byte until its connection is gone
            break
        came += piece
    answer.close()
    assert came.startswith(b"PK")
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(came))


def test_the_page_of_the_export_offers_it(console: ConsoleApp, engine: Engine) -> None:
    stored(console, engine, lying(console, b"cv"))
    owner = reader(console)
    assert 'name="files" value="zip"' in owner.text("/console/export")
    answer = owner.get("/console/export/file?q=&format=csv&files=zip&tz=UTC")
    assert len(listed(unpacked(answer.data))) == 1
