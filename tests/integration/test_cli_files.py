"""`counterfoil files` and `counterfoil export --files`, against a console that runs."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from counterfoil_cli.exits import Wrong
from counterfoil_cli.names import local_name, numbered
from counterfoil_cli.parts import Part
from dev.broker import Broker
from shared.contracts import SubmittedFile
from shared.files import FilesSettings, store_at
from storage_service.accounts.keys import Keys
from support.console_server import ConsoleServer
from support.events import a_file, an_event, with_files
from support.files import received
from support.submission_databases import migrated
from support.terminal import Terminal

CV = bytes(range(256)) * 8000


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    with migrated(sqlite_url) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    return made


@pytest.fixture
def terminal(engine: Engine, sqlite_url: str, rabbitmq: Broker, folder: Path, tmp_path: Path) -> Iterator[Terminal]:
    url, key = rabbitmq.fresh_vhost(), Keys(engine).add("all", ["read", "export"], None, None)
    settings = {"COUNTERFOIL_FILES_URL": f"file://{folder}"}
    with ConsoleServer(tmp_path, database_url=sqlite_url, broker_url=url, **settings) as running:
        yield Terminal(tmp_path, running.url, key)
    rabbitmq.retire(url)


def lying(folder: Path, content: bytes, name: str, number: int = 1) -> SubmittedFile:
    told = a_file(size=len(content), sha256=hashlib.sha256(content).hexdigest(), name=name, number=number)
    store_at(FilesSettings(f"file://{folder}")).put(told.key, [content])
    return told


def test_files_are_listed_and_fetched(terminal: Terminal, engine: Engine, folder: Path, tmp_path: Path) -> None:
    evil = "../../\x1b[31m evil.sh"
    event = with_files(an_event(), lying(folder, CV, "cv.pdf"), lying(folder, b"x", evil, 2))
    received(engine, event)
    listed = terminal.run("files", str(event.id)).stdout
    assert "cv.pdf" in listed
    assert "\x1b" not in listed
    assert "2,048,000" in listed
    assert [one["size"] for one in json.loads(terminal.run("files", str(event.id), "--json").stdout)] == [len(CV), 1]
    assert "1  cv.pdf  2048000 bytes" in terminal.run("show", str(event.id)).stdout
    here = tmp_path / "here"
    for _ in range(2):
        terminal.run("files", str(event.id), "--to", str(here))
    made = sorted(one.name for one in here.iterdir())
    assert made == sorted(["cv (2).pdf", "cv.pdf", local_name(evil), numbered(local_name(evil), 2)])
    assert all(one.parent == here for one in here.rglob("*"))
    assert (here / "cv.pdf").read_bytes() == (here / "cv (2).pdf").read_bytes() == CV
    assert (here / "cv.pdf").stat().st_mode & 0o077 == 0
    assert "no file 3" in terminal.run("files", str(event.id), "3", "--to", str(here), exit_code=1).stderr


def test_what_broke_off_goes_on_where_it_was(terminal: Terminal, engine: Engine, folder: Path, tmp_path: Path) -> None:
    event = with_files(an_event(), lying(folder, CV, "cv.pdf"))
    received(engine, event)
    part = Part(tmp_path / "here", event.files[0].sha256)
    with part.opened(start=0) as file:
        file.write(b"!" + CV[1:1_000_000])
    said = terminal.run("files", str(event.id), "--to", str(tmp_path / "here"), exit_code=5)
    assert "did not come as it is there" in said.stderr, "it went on behind the bytes that were there"
    assert list((tmp_path / "here").iterdir()) == []
    with part.opened(start=0) as file:
        file.write(CV[:1_000_000])
    terminal.run("files", str(event.id), "--to", str(tmp_path / "here"))
    assert (tmp_path / "here" / "cv.pdf").read_bytes() == CV


def test_one_that_is_not_handed_out_keeps_no_other_back(
    terminal: Terminal, engine: Engine, folder: Path, tmp_path: Path
) -> None:
    gone, good = lying(folder, b"gone", "gone.txt"), lying(folder, b"good", "good.txt", 2)
    event = with_files(an_event(), gone, good)
    received(engine, event)
    store_at(FilesSettings(f"file://{folder}")).delete([gone.key])
    said = terminal.run("files", str(event.id), "--to", str(tmp_path / "here"), exit_code=1)
    assert "not in the store any more" in said.stderr
    assert [one.name for one in (tmp_path / "here").iterdir()] == ["good.txt"]


def test_an_export_has_the_files(terminal: Terminal, engine: Engine, folder: Path, tmp_path: Path) -> None:
    received(engine, with_files(an_event(), lying(folder, CV, "cv.pdf")))
    terminal.run("export", "--files", "--format", "ndjson", "--to", str(tmp_path / "all.zip"))
    archive = zipfile.ZipFile(io.BytesIO((tmp_path / "all.zip").read_bytes()))
    table, cv, listed = archive.namelist()
    assert (table.endswith(".ndjson"), archive.read(cv) == CV, listed) == (True, True, "files.csv")
    refused = terminal.run("export", "--files", "--to", str(tmp_path / "all.csv"), exit_code=Wrong.code)
    assert "ends in .zip" in refused.stderr
    assert not (tmp_path / "all.csv").exists()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("../../.bashrc", "_.._.bashrc"),
        ("-rf", "rf"),
        ("-.bashrc", "bashrc"),
        ("~. -~.profile .", "profile"),
        ("~", "file"),
        ("CON.txt", "_CON.txt"),
        ("a\nb\x1b[2J.pdf", "a b [2J.pdf"),
        ("x\u202efdp.exe", "x fdp.exe"),
        ("a" * 400 + ".pdf", "a" * 146 + ".pdf"),
        ("", "file"),
    ],
)
def test_names_lead_nowhere(name: str, made: str) -> None:
    assert local_name(name) == made


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    part = Part(tmp_path, hashlib.sha256(b"x").hexdigest())
    part.path.symlink_to(other)
    with pytest.raises(Wrong), part.opened(start=0):
        pass
    part.path.unlink()
    with part.opened(start=0) as file:
        file.write(b"x")
    (tmp_path / "cv.pdf").symlink_to(tmp_path / "nowhere")
    assert part.become("cv.pdf") == tmp_path / "cv (2).pdf"
    assert other.read_bytes() == b"mine"
