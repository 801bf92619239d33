"""What SQLite says about a file that it cannot use is said with the file's name and the mend."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import text

from shared import database
from shared.messaging.failures import DependencyUnavailable
from storage_service.tables import MIGRATIONS


def said_of(path: Path) -> str:
    engine = database.create(f"sqlite:///{path}")
    with pytest.raises(DependencyUnavailable) as raised, database.classified(), engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (id integer)"))
    engine.dispose()
    return str(raised.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "storage.db"
    assert f"unable to open database file: {path}: there is no folder {path.parent}: make it" in said_of(path)


def test_a_relative_path_is_said_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"{tmp_path}/missing/storage.db" in said_of(Path("missing/storage.db"))


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    assert f"{tmp_path}: this is a folder" in said_of(tmp_path)


@pytest.mark.parametrize("content", [b"a text that is no database, long enough to be read as one" * 20])
def test_another_kind_of_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "storage.db"
    path.write_bytes(content)
    assert f"file is not a database: {path}: it is another kind of file" in said_of(path)


@pytest.mark.parametrize("closed", ["storage.db", "."])
def test_what_one_may_not_write(server_directory: Path, closed: str) -> None:
    path = Path(tempfile.mkdtemp(dir=server_directory)) / "storage.db"
    path.parent.chmod(0o755)
    path.touch()
    (path.parent / closed).chmod(0o555 if closed == "." else 0o444)
    said = in_a_process_that_is_not_root(path)
    assert str(path) in said
    assert "may not" in said


def in_a_process_that_is_not_root(path: Path) -> str:
    """Return what is said there: root may write anywhere."""
    reading, writing = os.pipe()
    if child := os.fork():
        os.close(writing)
        with os.fdopen(reading) as said:
            text = said.read()
        os.waitpid(child, 0)
        return text
    try:
        if os.geteuid() == 0:
            os.setegid(65534)
            os.seteuid(65534)
        os.write(writing, said_of(path).encode())
    finally:
        os._exit(0)


def test_a_migration_and_a_command_name_it_too(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "storage.db"
    engine = database.create(f"sqlite:///{path}")
    with pytest.raises(DependencyUnavailable, match=str(path)):
        MIGRATIONS.pending(engine)
    engine.dispose()


def test_what_is_not_the_files_fault_is_said_as_it_was(tmp_path: Path) -> None:
    engine = database.create(f"sqlite:///{tmp_path}/storage.db")
    with pytest.raises(DependencyUnavailable) as raised, database.classified(), engine.begin() as connection:
        connection.execute(text("SELECT * FROM missing"))
    engine.dispose()
    assert str(raised.value).endswith("OperationalError: no such table: missing")
