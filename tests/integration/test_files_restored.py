"""Database and files in the documented order: databases first, then files. After a restore every row finds its file,
and what was erased since does not come back."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

import notify_service.tables
from dev import archive, backup, run_settings
from shared import database
from shared.contracts import SubmissionAccepted
from shared.database import reading
from shared.files import FileMissing, FilesSettings, FileStore, store_at
from storage_service.files import files_of
from storage_service.sweeping.removals import Removals
from support import migrating
from support.events import a_file, an_event, with_files
from support.pace import stretched_s
from support.service import clean_environment
from support.submission_databases import migrated, store


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the directory of a run, with notify's database."""
    made = tmp_path / "run"
    (made / "files").mkdir(parents=True)
    (made / "secrets").mkdir()
    (made / "secrets" / "secret").write_text("signing")
    engine = database.create(f"sqlite:///{made}/notify.db")
    migrating.migrate(engine, notify_service.tables.MIGRATIONS)
    engine.dispose()
    return made


def files_in(directory: Path) -> FileStore:
    return store_at(FilesSettings((directory / "files").as_uri()))


def accepted(files: FileStore, engine: Engine) -> SubmissionAccepted:
    """Do what gateway and storage do: put a file, then store the event that names it."""
    content = os.urandom(200_000)
    digest = hashlib.sha256(content).hexdigest()
    event = an_event()
    one = replace(a_file(), key=f"signup/2026-11-30/{event.id}/1", sha256=digest, size=len(content))
    files.put(one.key, [content])
    event = with_files(event, one)
    store(engine, event)
    return event


def hashes_of(files: FileStore, engine: Engine, events: Sequence[SubmissionAccepted]) -> list[str]:
    """Return what is in the store for each row, by its hash."""
    with reading(engine).connect() as connection:
        rows = files_of(connection, [one.id for one in events])
    found = []
    for event in events:
        for row in rows[event.id]:
            with files.open(row.key) as opened:
                found.append(hashlib.sha256(b"".join(opened)).hexdigest())
    return found


def erase(directory: Path, *arguments: str) -> None:
    variables = {
        "COUNTERFOIL_DATABASE_URL": f"sqlite:///{directory}/storage.db",
        "COUNTERFOIL_ERASURES": str(directory / run_settings.ERASURES),
    }
    command = [sys.executable, "-m", "storage_service", "erase", *arguments]
    subprocess.run(
        command, env=clean_environment() | variables, check=True, capture_output=True, timeout=stretched_s(60)
    )


def remove_what_waits(files: FileStore, engine: Engine) -> None:
    Removals(engine, files).turn()


def test_every_row_of_a_restore_finds_its_file_and_what_was_erased_since_does_not_come_back(
    directory: Path, tmp_path: Path
) -> None:
    url, files = f"sqlite:///{directory}/storage.db", files_in(directory)
    with migrated(url) as engine:
        kept, erased = [accepted(files, engine) for _ in range(3)], accepted(files, engine)
        file = backup.back_up(directory, tmp_path / "kept.tar.gz", {})
        erase(directory, str(erased.id), "--yes")
        remove_what_waits(files, engine)
        since = accepted(files, engine)

    backup.restore(directory, file, {})

    with migrated(url) as engine:
        assert hashes_of(files, engine, [*kept, erased]) == [one.files[0].sha256 for one in (*kept, erased)]
        erase(directory, "--replay", str(directory / run_settings.ERASURES))
        remove_what_waits(files, engine)
        assert hashes_of(files, engine, kept) == [one.files[0].sha256 for one in kept]
    for gone in (erased, since):
        with pytest.raises(FileMissing):
            files.open(gone.files[0].key)


def test_what_is_erased_between_the_two_copies_is_a_row_without_its_file_until_the_replay(
    directory: Path, tmp_path: Path
) -> None:
    url, files = f"sqlite:///{directory}/storage.db", files_in(directory)
    with migrated(url) as engine:
        kept, erased = accepted(files, engine), accepted(files, engine)
        databases = tmp_path / "databases"
        databases.mkdir()
        archive.copy_database(directory / "storage.db", databases / "storage.db")
        erase(directory, str(erased.id), "--yes")
        remove_what_waits(files, engine)
        late = accepted(files, engine)
        archive.take_files(directory / "files", databases / "files")

    with migrated(f"sqlite:///{databases}/storage.db") as engine:
        restored = files_in(databases)
        assert hashes_of(restored, engine, [kept]) == [kept.files[0].sha256]
        with pytest.raises(FileMissing):
            hashes_of(restored, engine, [erased])
        erase(databases, "--replay", str(directory / run_settings.ERASURES))
        with reading(engine).connect() as connection:
            assert files_of(connection, [erased.id, late.id]) == {}
        assert late.files[0].key in {one.key for one in list(restored.keys())}, "an orphan: the sweep takes it"
