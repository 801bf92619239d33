"""What was erased is noted in a file beside the database, and erased again from it after a restore."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, delete, select

from shared import database
from shared.contracts import SubmissionErased
from shared.database import iso, reading
from shared.messaging.failures import DependencyUnavailable
from storage_service.erasing import Erasing, journal_of
from storage_service.erasing.journal import FileJournal
from storage_service.erasing.replaying import replay
from storage_service.records import Records
from storage_service.tables import OUTBOX, submission_trail, submissions
from support.erasures import CANARY, ERASER, kept_everywhere, places_of
from support.events import ACCEPTED_AT, an_event
from support.service import clean_environment
from support.submission_databases import migrated, store

AT = ACCEPTED_AT + timedelta(hours=1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def told(engine: Engine) -> list[SubmissionErased]:
    found = select(OUTBOX.c.body).where(OUTBOX.c.type == SubmissionErased.TYPE).order_by(OUTBOX.c.number)
    with reading(engine).connect() as connection:
        return [SubmissionErased.decode(bytes(one)) for one in connection.scalars(found)]


def written(file: Path, *erased: tuple[UUID, datetime]) -> Path:
    FileJournal(file).add(dict(erased))
    return file


def test_it_is_noted_before_anybody_hears_of_it(engine: Engine, tmp_path: Path) -> None:
    file, event = tmp_path / "erasures", an_event()
    store(engine, event)
    noted: list[str] = []

    def reach(name: str) -> None:
        noted.append(f"{name} {file.read_text()}")

    Erasing(engine, journal=journal_of(file), clock=lambda: AT, reach=reach).erase([event.id], ERASER)
    line = f"{event.id} {iso(AT)}\n"
    assert noted == [f"erase-before-commit {line}", f"erase-after-commit {line}"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_noted_is_not_erased(engine: Engine, tmp_path: Path) -> None:
    event = an_event()
    store(engine, event)
    erasing = Erasing(engine, journal=journal_of(tmp_path / "gone" / "erasures"))
    with pytest.raises(DependencyUnavailable, match="cannot be noted there"):
        erasing.erase([event.id], ERASER)
    assert Records(engine).one(event.id, None) is not None
    assert told(engine) == []


def test_a_restored_backup_brings_nothing_back(engine: Engine, tmp_path: Path) -> None:
    """The database is as it was before the erasure: that is what an older backup holds."""
    event, other = kept_everywhere(engine), an_event()
    store(engine, other)
    unknown = uuid4()
    file = written(tmp_path / "erasures", (event.id, AT), (unknown, AT))
    assert [one.erased for one in replay(Erasing(engine), file, ERASER)] == [1]
    assert places_of(engine, CANARY) == set()
    assert told(engine) == [SubmissionErased(event.id, AT), SubmissionErased(unknown, AT)]
    assert [one.id for one in Records(engine).each(None, None)] == [other.id]
    assert [one.erased for one in replay(Erasing(engine), file, ERASER)] == [0]
    assert len(told(engine)) == 4, "notify may have been restored, too"


def test_a_later_submission_under_the_same_id_stays(engine: Engine, tmp_path: Path) -> None:
    later = replace(an_event(), accepted_at=AT + timedelta(minutes=2))
    store(engine, later)
    file = written(tmp_path / "erasures", (later.id, AT))
    assert [one.erased for one in replay(Erasing(engine), file, ERASER)] == [0]
    assert Records(engine).one(later.id, None) is not None


def test_what_says_that_it_was_accepted_later_does_not_come_back_either(engine: Engine, tmp_path: Path) -> None:
    """An import may be some hours ahead, by its time zone, and so may a gateway's clock."""
    event, file = replace(an_event(), accepted_at=AT + timedelta(hours=10)), tmp_path / "erasures"
    store(engine, event)
    assert Erasing(engine, journal=journal_of(file), clock=lambda: AT).erase([event.id], ERASER) == 1
    assert [one.covers(event.accepted_at) for one in told(engine)] == [True]
    with engine.begin() as connection:  # as an older backup has it
        connection.execute(delete(submission_trail))
        connection.execute(delete(submissions))
    store(engine, event)
    assert [one.erased for one in replay(Erasing(engine), file, ERASER)] == [1]


def test_of_several_erasures_of_an_id_the_last_counts(engine: Engine, tmp_path: Path) -> None:
    event = an_event()
    store(engine, event)
    file = tmp_path / "erasures"
    for at in (AT, AT + timedelta(days=1), AT):
        written(file, (event.id, at))
    list(replay(Erasing(engine), file, ERASER))
    list(replay(Erasing(engine), written(tmp_path / "older", (event.id, AT)), ERASER))
    with reading(engine).connect() as connection:
        assert connection.scalar(select(submissions.c.erased_at)) == AT + timedelta(days=1)


def test_what_is_replayed_is_noted_where_that_is_another_file(engine: Engine, tmp_path: Path) -> None:
    file, own = written(tmp_path / "erasures", (uuid4(), AT)), tmp_path / "own"
    list(replay(Erasing(engine, journal=journal_of(own)), file, ERASER))
    assert own.read_text() == file.read_text()
    list(replay(Erasing(engine, journal=journal_of(own)), own, ERASER))
    assert own.read_text() == file.read_text()


def _add(file: Path, number: int) -> None:
    for one in range(50):
        FileJournal(file).add({UUID(int=number * 1000 + one + other): AT for other in (0, 100, 200)})


def test_several_processes_add_whole_lines(tmp_path: Path) -> None:
    file = tmp_path / "erasures"
    with ProcessPoolExecutor(3) as pool:
        list(pool.map(_add, [file] * 3, range(3)))
    lines = file.read_text().splitlines()
    assert len(lines) == len(set(lines)) == 3 * 50 * 3
    assert all(line.endswith(iso(AT)) and len(line) == len(lines[0]) for line in lines)


def test_what_a_machine_left_in_the_middle_of_a_line_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "erasures"
    file.write_text(f"{uuid4()} {iso(AT)}\n{str(uuid4())[:20]}")
    key = uuid4()
    written(file, (key, AT))
    assert file.read_text().splitlines()[-1] == f"{key} {iso(AT)}"


class Command:
    """`python -m storage_service erase` over a database."""

    def __init__(self, url: str, erasures: Path | None) -> None:
        noted = {} if erasures is None else {"COUNTERFOIL_ERASURES": str(erasures)}
        self._environment = clean_environment() | {"COUNTERFOIL_DATABASE_URL": url} | noted

    def __call__(self, *arguments: str, failpoint: str = "") -> tuple[int, str, str]:
        ran = subprocess.run(
            [sys.executable, "-m", "storage_service", "erase", *arguments],
            env=self._environment | {"COUNTERFOIL_FAILPOINT": failpoint},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return ran.returncode, ran.stdout, ran.stderr


def test_the_command_erases_and_notes(sqlite_url: str, tmp_path: Path) -> None:
    event, file = an_event(), tmp_path / "erasures"
    with migrated(sqlite_url) as engine:
        store(engine, event)
        command = Command(sqlite_url, file)
        assert command(str(event.id))[:2] == (0, "would erase 1; --yes does it\n")
        unknown = str(uuid4())
        code, said, complained = command(str(event.id), unknown, "--yes")
        assert (code, said, complained) == (1, "1 erased\n", f"there is no submission {unknown} here\n")
        assert Records(engine).one(event.id, None) is None
    assert file.read_text().startswith(str(event.id))


def test_where_it_is_noted_nowhere_the_command_says_so(sqlite_url: str) -> None:
    event = an_event()
    with migrated(sqlite_url) as engine:
        store(engine, event)
    command = Command(sqlite_url, None)
    assert command(str(event.id))[2] == ""
    code, said, complained = command(str(event.id), "--yes")
    assert (code, said) == (0, "1 erased\n")
    assert complained.startswith("COUNTERFOIL_ERASURES is not set")


@pytest.mark.parametrize("failpoint", ["erase-before-commit", "erase-after-commit"])
def test_killed_in_the_middle_it_is_done_by_doing_it_again(sqlite_url: str, tmp_path: Path, failpoint: str) -> None:
    events = sorted((an_event(name=f"{CANARY} {number}") for number in range(250)), key=lambda one: one.id.int)
    with migrated(sqlite_url) as engine:
        store(engine, *events)
    backup = tmp_path / "backup.db"
    place = Path(database.create(sqlite_url).url.database or "")
    shutil.copy(place, backup)
    file, command = tmp_path / "erasures", Command(sqlite_url, tmp_path / "erasures")
    ids = [str(one.id) for one in events]
    assert command(*ids, "--yes", failpoint=failpoint)[0] == 137
    assert command(*ids, "--yes")[0] == (1 if failpoint == "erase-after-commit" else 0)
    backup.replace(place)
    assert command("--replay", str(file), failpoint=failpoint)[0] == 137
    code, said, _ = command("--replay", str(file))
    assert (code, "lines read" in said) == (0, True)
    with migrated(sqlite_url) as engine:
        assert places_of(engine, CANARY) == set()
        assert {one.id for one in told(engine)} == {one.id for one in events}


def test_broken_lines_are_named_and_the_others_count(sqlite_url: str, tmp_path: Path) -> None:
    event, file = an_event(), tmp_path / "erasures"
    moments = [
        f"{uuid4()} soon",
        "",
        str(uuid4()),
        f"{uuid4()} 2026-11-30T09:00:00",
        f"{event.id} {iso(AT)}",
        "\x00\xff",
        f"{uuid4()} 0001-01-01T00:00:00+10:00",
    ]
    file.write_text("\n".join(moments) + "\n", encoding="latin-1")
    with migrated(sqlite_url) as engine:
        store(engine, event)
        code, said, complained = Command(sqlite_url, tmp_path / "own")("--replay", str(file))
        assert (code, said) == (1, "7 lines read, 1 erased again; notify will be told of all of them\n")
        assert [line.split("line ")[1].split(" ")[0] for line in complained.splitlines()] == ["1", "3", "4", "6", "7"]
    code, _, complained = Command(sqlite_url, tmp_path / "own")("--replay", str(tmp_path / "none"))
    assert (code, complained) == (2, f"{tmp_path / 'none'}: cannot be read: No such file or directory\n")


def test_a_place_where_nothing_can_be_noted_is_told_at_start(sqlite_url: str, tmp_path: Path) -> None:
    code, _, complained = Command(sqlite_url, tmp_path / "gone" / "erasures")(str(uuid4()))
    assert code == 2
    assert "ERASURES: expected a file in a folder that there is" in complained


def test_a_replay_of_another_file_notes_what_is_not_noted_yet(engine: Engine, tmp_path: Path) -> None:
    known, new = (uuid4(), AT), (uuid4(), AT)
    own = written(tmp_path / "own", known)
    file = written(tmp_path / "other", known, new)
    for _ in range(2):
        [*replay(Erasing(engine, journal=journal_of(own)), file, ERASER)]
        assert sorted(own.read_text().splitlines()) == sorted(f"{key} {iso(at)}" for key, at in (known, new))


def test_a_line_without_an_end_is_not_read_whole(engine: Engine, tmp_path: Path) -> None:
    file, known = tmp_path / "erasures", (uuid4(), AT)
    with file.open("wb") as target:
        target.truncate(200_000_000)  # it has holes: nothing of it is on the disk
    with file.open("ab") as target:
        target.write(f"\n{known[0]} {iso(known[1])}\n".encode())
    tracemalloc.start()
    *_, come = replay(Erasing(engine), file, ERASER)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (come.lines, come.named, come.broken) == (2, [1], 1)
    assert most < 20_000_000
