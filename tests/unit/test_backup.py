"""What `make run` keeps in SQLite is backed up under load, and put back; what is not whole is refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import shlex
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest

from dev import archive, backup, run_directory
from dev.steps import CannotGoOn
from shared.files.directory import DirectoryFiles
from support.polling import eventually

SECRETS = {"secrets/secret": "signing", "secrets/api_key_hashes": "abc", "secrets/forms/captcha": "theirs"}
MANIFEST_OF_BEFORE = b'{"format": 1, "made_at": "2026-11-01T00:00:00+00:00", "submissions": 3}'
TABLES = {"storage.db": "submissions", "notify.db": "confirmations"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    for name, text in SECRETS.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text)
    for name, table in TABLES.items():
        with closing(sqlite3.connect(made / name)) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, fields TEXT)")
    accept(made, range(3))
    return made


@pytest.fixture
def own(tmp_path: Path) -> dict[str, Path]:
    forms, secrets = tmp_path / "mine" / "forms.toml", tmp_path / "mine" / "form-secrets"
    templates = tmp_path / "mine" / "words"
    secrets.mkdir(parents=True)
    (templates / "signup").mkdir(parents=True)
    forms.write_text("[forms.signup]\n")
    (secrets / "captcha").write_text("theirs")
    (templates / "signup" / "confirmation.txt").write_text("Welcome")
    return {"forms.toml": forms, "form-secrets": secrets, "templates": templates}


def accept(directory: Path, numbers: range | count[int], until: threading.Event | None = None) -> None:
    """Write a row into storage's database and then one into notify's, each on the disk before the next."""
    with (
        closing(sqlite3.connect(directory / "storage.db", timeout=0, isolation_level=None)) as storage,
        closing(sqlite3.connect(directory / "notify.db", timeout=0, isolation_level=None)) as notify,
    ):
        for number in numbers:
            storage.execute("INSERT INTO submissions VALUES (?, ?)", (number, "x" * 2000))
            notify.execute("INSERT INTO confirmations VALUES (?, ?)", (number, "x" * 2000))
            if until is not None and until.is_set():
                return


@contextmanager
def under_load(directory: Path) -> Iterator[None]:
    """Write from another thread all the while; a writer that is held up is an error, which fails the test."""
    over, problems = threading.Event(), list[Exception]()

    def write() -> None:
        try:
            accept(directory, count(1000), over)
        except sqlite3.Error as error:
            problems.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        eventually(lambda: len(ids(directory, "notify.db")) > 100 or problems, 30, "a hundred rows")
        yield
    finally:
        over.set()
        thread.join()
    assert problems == []


def ids(directory: Path, name: str) -> set[int]:
    with closing(sqlite3.connect(directory / name)) as database:
        return {row[0] for row in database.execute(f"SELECT id FROM {TABLES[name]}")}  # noqa: S608


def test_a_backup_under_load_is_one_moment_of_each_and_confirms_nothing_that_it_does_not_hold(
    directory: Path, tmp_path: Path, own: dict[str, Path]
) -> None:
    with under_load(directory):
        before = ids(directory, "notify.db")
        files = [backup.back_up(directory, tmp_path / f"{number}.tar.gz", {}) for number in range(5)]

    for number, file in enumerate(files):
        restored = tmp_path / f"restored-{number}"
        backup.restore(restored, file, own)
        assert before <= ids(restored, "notify.db") <= ids(restored, "storage.db")


def test_what_is_restored_is_what_was_there_and_what_was_there_is_set_aside(
    directory: Path, tmp_path: Path, own: dict[str, Path]
) -> None:
    file = backup.back_up(directory, tmp_path / "kept.tar.gz", own)
    accept(directory, range(3, 5))
    (directory / "secrets" / "secret").write_text("another")
    shutil.rmtree(tmp_path / "mine")

    backup.restore(directory, file, own)

    assert ids(directory, "storage.db") == ids(directory, "notify.db") == {0, 1, 2}
    assert {name: (directory / name).read_text() for name in SECRETS} == SECRETS
    assert own["forms.toml"].read_text() == "[forms.signup]\n"
    assert (own["form-secrets"] / "captcha").read_text() == "theirs"
    assert (own["templates"] / "signup" / "confirmation.txt").read_text() == "Welcome"
    (aside,) = (directory / "aside").iterdir()
    assert ids(aside, "storage.db") == ids(aside, "notify.db") == {0, 1, 2, 3, 4}
    assert (aside / "secrets" / "secret").read_text() == "another"


@contextmanager
def under_load_of_files(directory: Path) -> Iterator[None]:
    """Put a file and then its row, all the while, and delete every third again after its row."""
    over, store = threading.Event(), DirectoryFiles(directory / "files")

    def put() -> None:
        with closing(sqlite3.connect(directory / "storage.db", timeout=10, isolation_level=None)) as storage:
            for number in count(100):
                content = str(number).encode() * 1000
                store.put(f"signup/2026-11-30/{number}/1", [content])
                storage.execute("INSERT INTO submissions VALUES (?, ?)", (number, hashlib.sha256(content).hexdigest()))
                if number % 3 == 0:
                    storage.execute("DELETE FROM submissions WHERE id = ?", (number,))
                    store.delete([f"signup/2026-11-30/{number}/1"])
                if over.is_set():
                    return

    thread = threading.Thread(target=put)
    thread.start()
    eventually(lambda: len(ids(directory, "storage.db")) > 10, 20, "there are some")
    yield
    over.set()
    thread.join()


def test_every_row_of_a_backup_under_load_finds_its_file_with_its_hash(
    directory: Path, tmp_path: Path, own: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / "files").mkdir()
    with under_load_of_files(directory):
        files = [backup.back_up(directory, tmp_path / f"{number}.tar.gz", {}) for number in range(3)]

    assert " uploaded files, their confirmations" in capsys.readouterr().out
    for number, file in enumerate(files):
        restored = tmp_path / f"restored-{number}"
        backup.restore(restored, file, own)
        store = DirectoryFiles(restored / "files")
        with closing(sqlite3.connect(restored / "storage.db")) as database:
            rows = database.execute("SELECT id, fields FROM submissions WHERE id > 100 AND id % 3 != 0").fetchall()
        assert len(rows) > 5
        for key, digest in rows:
            with store.open(f"signup/2026-11-30/{key}/1") as opened:
                assert hashlib.sha256(b"".join(opened)).hexdigest() == digest


def test_files_are_set_aside_with_the_rest_and_what_grows_is_in_no_backup(
    directory: Path, tmp_path: Path, own: dict[str, Path]
) -> None:
    (directory / "files").mkdir()
    store = DirectoryFiles(directory / "files")
    store.put("signup/2026-11-30/a/1", [b"before"])
    (directory / "files" / ".incoming" / "growing").write_bytes(b"half")
    file = backup.back_up(directory, tmp_path / "kept.tar.gz", own)
    store.put("signup/2026-11-30/b/1", [b"since"])

    backup.restore(directory, file, own)

    assert [one.key for one in list(store.keys())] == ["signup/2026-11-30/a/1"]
    assert not (directory / "files" / ".incoming" / "growing").exists()
    (aside,) = (directory / "aside").iterdir()
    assert (aside / "files" / "signup" / "2026-11-30" / "b" / "1").read_bytes() == b"since"


def test_files_that_are_elsewhere_are_said_to_be_in_no_backup(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTERFOIL_FILES_URL", "s3://bucket")
    monkeypatch.delenv("COUNTERFOIL_DATABASE_URL", raising=False)
    monkeypatch.delenv("COUNTERFOIL_BROKER_URL", raising=False)
    backup._do("make", str(tmp_path / "kept.tar.gz"), directory)
    assert "not in the backup. Copy them now, after it." in capsys.readouterr().out


def test_what_was_erased_is_not_counted(
    directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], own: dict[str, Path]
) -> None:
    with closing(sqlite3.connect(directory / "storage.db")) as database, database:
        database.execute("ALTER TABLE submissions ADD COLUMN erased_at TEXT")
        database.execute("UPDATE submissions SET erased_at = '2026-11-22' WHERE id = 1")
    file = backup.back_up(directory, tmp_path / "kept.tar.gz", {})
    backup.restore(tmp_path / "restored", file, own)
    said = capsys.readouterr().out
    assert "holds 2 submissions, their confirmations, the keys' hashes. " in said
    assert "Restored 2 submissions " in said


def test_what_opens_sealed_fields_is_named(directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "secrets" / "opening_keys").write_text("cfopen_")
    backup.back_up(directory, tmp_path / "kept.tar.gz", {})
    assert "hashes, and what opens sealed fields. Keep it" in capsys.readouterr().out


def test_how_to_erase_again_needs_nothing_of_an_earlier_start(
    directory: Path, tmp_path: Path, own: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file = backup.back_up(directory, tmp_path / "kept.tar.gz", {})
    moved = tmp_path / "on another machine"
    moved.mkdir()
    (moved / "erasures").touch()
    backup.restore(moved, file, own)
    commands = [shlex.split(line) for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    settings = [f"COUNTERFOIL_DATABASE_URL=sqlite:///{moved}/storage.db", f"COUNTERFOIL_ERASURES={moved}/erasures"]
    assert [one[:2] for one in commands] == [settings, settings]
    assert [one[5:] for one in commands] == [["migrate"], ["erase", "--replay", f"{moved}/erasures"]]


def test_forms_and_their_secrets_that_are_there_stay(directory: Path, tmp_path: Path, own: dict[str, Path]) -> None:
    file = backup.back_up(directory, tmp_path / "kept.tar.gz", own)
    own["forms.toml"].write_text("[forms.other]\n")
    (own["form-secrets"] / "captcha").write_text("new")
    backup.restore(directory, file, own)
    assert own["forms.toml"].read_text() == "[forms.other]\n"
    assert (own["form-secrets"] / "captcha").read_text() == "new"
    assert (directory / "forms.toml").read_text() == "[forms.signup]\n"
    assert (directory / "form-secrets" / "captcha").read_text() == "theirs"

    backup.restore(directory, file, own)  # and once more
    assert (directory / "form-secrets" / "captcha").read_text() == "theirs"


def test_templates_that_have_no_place_yet_are_said_to_be_there(
    directory: Path, tmp_path: Path, own: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file = backup.back_up(directory, tmp_path / "kept.tar.gz", own)
    restored = tmp_path / "restored"
    backup.restore(restored, file, {name: path for name, path in own.items() if name != "templates"})
    assert (restored / "templates" / "signup" / "confirmation.txt").read_text() == "Welcome"
    assert f"{restored}/templates" in capsys.readouterr().out


def test_a_backup_of_the_version_before_is_restored(directory: Path, tmp_path: Path, own: dict[str, Path]) -> None:
    file = backup.back_up(directory, tmp_path / "kept.tar.gz", {})
    file.write_bytes(rewritten(file.read_bytes(), {"manifest.json": MANIFEST_OF_BEFORE}))
    backup.restore(tmp_path / "restored", file, own)
    assert ids(tmp_path / "restored", "storage.db") == {0, 1, 2}


def test_the_templates_that_make_run_uses_are_in_it(
    directory: Path, tmp_path: Path, own: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERFOIL_TEMPLATES", str(own["templates"]))
    monkeypatch.delenv("COUNTERFOIL_DATABASE_URL", raising=False)
    monkeypatch.delenv("COUNTERFOIL_BROKER_URL", raising=False)
    backup._do("make", str(tmp_path / "kept.tar.gz"), directory)
    with tarfile.open(tmp_path / "kept.tar.gz") as tar:
        assert "templates/signup/confirmation.txt" in tar.getnames()


def test_where_forms_cannot_be_put_the_databases_are_restored_all_the_same(
    directory: Path, tmp_path: Path, own: dict[str, Path]
) -> None:
    file = backup.back_up(directory, tmp_path / "kept.tar.gz", own)
    kept = ids(directory, "storage.db")
    accept(directory, range(7, 9))
    (tmp_path / "in the way").touch()
    with pytest.raises(OSError, match="in the way"):
        backup.restore(directory, file, own | {"forms.toml": tmp_path / "in the way" / "forms.toml"})
    assert ids(directory, "storage.db") == ids(directory, "notify.db") == kept
    assert (directory / "forms.toml").read_text() == "[forms.signup]\n"


def test_what_a_killed_run_had_not_put_in_order_is_in_it(directory: Path, tmp_path: Path, own: dict[str, Path]) -> None:
    """SQLite's log holds what the file does not yet."""
    with closing(sqlite3.connect(directory / "storage.db", isolation_level=None)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("INSERT INTO submissions VALUES (77, 'x')")
        killed = tmp_path / "killed"
        (killed / "secrets").mkdir(parents=True)
        for path in directory.glob("*.db*"):
            (killed / path.name).write_bytes(path.read_bytes())

    file = backup.back_up(killed, tmp_path / "kept.tar.gz", {})
    backup.restore(tmp_path / "restored", file, own)
    assert 77 in ids(tmp_path / "restored", "storage.db")


def test_a_backup_and_what_is_restored_are_for_their_owner_alone(
    directory: Path, tmp_path: Path, own: dict[str, Path]
) -> None:
    file = backup.back_up(directory, tmp_path / "kept.tar.gz", {})
    assert file.stat().st_mode & 0o777 == 0o600
    restored = tmp_path / "restored"
    backup.restore(restored, file, own)
    assert {path.stat().st_mode & 0o077 for path in (restored, *restored.rglob("*"))} == {0}


def test_a_folder_gets_a_file_with_the_time_in_its_name(directory: Path, tmp_path: Path) -> None:
    file = backup.back_up(directory, tmp_path, {})
    assert file.parent == tmp_path
    assert file.name.startswith("counterfoil-2")


def test_a_place_that_ends_in_a_slash_is_a_folder_and_is_made(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COUNTERFOIL_DATABASE_URL", raising=False)
    monkeypatch.delenv("COUNTERFOIL_BROKER_URL", raising=False)
    for _ in range(2):
        for file in (tmp_path / "backups").glob("*"):
            file.unlink()
        backup._do("make", f"{tmp_path}/backups/", directory)
        [made] = (tmp_path / "backups").iterdir()
        assert made.name.startswith("counterfoil-")
    assert (tmp_path / "backups").stat().st_mode & 0o777 == 0o700


def test_no_backup_is_overwritten(directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.tar.gz"
    file.write_text("of yesterday")
    with pytest.raises(CannotGoOn, match="is there already"):
        backup.back_up(directory, file, {})
    assert file.read_text() == "of yesterday"


def test_nothing_is_restored_while_it_runs(directory: Path, tmp_path: Path, own: dict[str, Path]) -> None:
    file = backup.back_up(directory, tmp_path / "kept.tar.gz", {})
    with run_directory.held(directory), pytest.raises(CannotGoOn, match="runs already"):
        backup.restore(directory, file, own)


def test_a_damaged_database_is_no_backup(directory: Path, tmp_path: Path) -> None:
    accept(directory, range(3, 200))
    with (directory / "storage.db").open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 20)
    with pytest.raises(CannotGoOn, match=r"storage\.db"):
        backup.back_up(directory, tmp_path / "kept.tar.gz", {})
    assert not (tmp_path / "kept.tar.gz").exists()


def test_a_directory_that_holds_nothing_is_said_to(tmp_path: Path) -> None:
    with pytest.raises(CannotGoOn, match=r"nothing to back up: .* has no notify\.db and no storage\.db"):
        backup.back_up(tmp_path, tmp_path / "kept.tar.gz", {})


def cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def with_a_flipped_bit(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def with_another_checksum(data: bytes) -> bytes:
    return data[:-8] + b"\0" * 8


def without_a_database(data: bytes) -> bytes:
    return rewritten(data, {"storage.db": None})


def with_a_damaged_database(data: bytes) -> bytes:
    return rewritten(data, {"storage.db": b"SQLite format 3\0" + b"\xff" * 9000})


def of_a_later_format(data: bytes) -> bytes:
    return rewritten(data, {"manifest.json": b'{"format": 4}'})


def with_a_file_elsewhere(data: bytes) -> bytes:
    return rewritten(data, {"secrets/../../elsewhere": b"x"})


def with_something_else(data: bytes) -> bytes:
    return rewritten(data, {".bashrc": b"x"})


def rewritten(data: bytes, changes: dict[str, bytes | None]) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        kept = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in (kept | changes).items():
            if content is not None:
                archive._add(tar, name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    "harm",
    [
        cut,
        with_a_flipped_bit,
        with_another_checksum,
        without_a_database,
        with_a_damaged_database,
        of_a_later_format,
        with_a_file_elsewhere,
        with_something_else,
        lambda _: b"no archive",
        lambda _: gzip.compress(b"no archive"),
    ],
)
def test_what_is_no_whole_backup_is_refused_and_changes_nothing(
    directory: Path, tmp_path: Path, own: dict[str, Path], harm: Callable[[bytes], bytes]
) -> None:
    file = backup.back_up(directory, tmp_path / "kept.tar.gz", {})
    file.write_bytes(harm(file.read_bytes()))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name != "lock"}
    with pytest.raises(CannotGoOn):
        backup.restore(directory, file, own)
    assert {path: path.read_bytes() for path in before} == before
    assert not (tmp_path / "elsewhere").exists()
    assert not [*directory.glob("restore-*"), *directory.glob("aside")]
