"""The files of a person who asks: counted, in the copy, and given up when all of it is erased."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from shared.database import reading
from shared.files import MemoryFiles
from storage_service.previews.keys import preview_key
from storage_service.tables import FILES
from support.console_app import ConsoleApp, a_console
from support.events import an_event, with_files
from support.files import a_picture, lying, received
from support.search_rows import indexed
from support.submission_databases import migrated

HER = "ada@example.org"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path)


def test_the_copy_of_a_person_has_the_files(console: ConsoleApp, engine: Engine) -> None:
    cv, bad = lying(console, b"her cv", name="../cv.pdf"), lying(console, b"x", number=2, scan="infected")
    gone = lying(console, b"gone", number=3)
    hers = with_files(an_event(email=HER), cv, bad, gone)
    later = with_files(replace(an_event(email=HER, name="Ada"), id=hers.id), lying(console, b"later"))
    others = with_files(an_event(email="bob@example.org"), lying(console, b"bob's"))
    received(engine, hers, later, others)
    indexed(engine)
    store = console.parts.uploads.store
    assert isinstance(store, MemoryFiles)
    store.delete([gone.key])
    key = console.key("read", "export", forms=["signup"])
    found = console.ask("/v1/subjects/find", key, "POST", json={"email": HER})
    assert found.get_json()["places"]["files"] == 4, found.text
    answer = console.ask("/v1/subjects/export", key, "POST", json={"email": HER})
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    folder = f"files/signup/{hers.id}"
    assert archive.namelist()[2:] == [f"{folder}/1 _cv.pdf", f"{folder}/later 1/1 cv.pdf"]
    assert archive.read(f"{folder}/1 _cv.pdf") == b"her cv"
    (told,) = json.loads(archive.read("person.json"))["submissions"]
    assert [(one["size"], one["path"] is None, one["left_out"]) for one in told["files"]] == [
        (6, False, None),
        (1, True, "the virus scanner found something in it"),
        (4, True, "it is not in the store any more"),
        (5, False, None),
    ]
    page = archive.read("person.html").decode()
    assert "not in this copy, the virus scanner" in page
    assert "bob" not in page


def test_previews_are_given_up_with_their_pictures(console: ConsoleApp, engine: Engine) -> None:
    me, cv = lying(console, a_picture(), type="image/png"), lying(console, b"cv", number=2)
    event = with_files(an_event(email=HER), me, cv)
    received(engine, event)
    assert console.ask(f"/v1/submissions/{event.id}/files/1/preview").status_code == 200
    erased = console.ask(f"/v1/submissions/{event.id}", method="DELETE")
    assert erased.status_code < 300, erased.text
    with reading(engine).connect() as connection:
        removed = set(connection.scalars(select(FILES.removals.c.key)))
    assert removed == {me.key, cv.key, preview_key(me.sha256)}
