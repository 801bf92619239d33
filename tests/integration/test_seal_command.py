"""`python -m storage_service seal …`, on both databases: keys are made, told, lost, and rotated, also under kill -9."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from shared.contracts import SubmissionAccepted
from shared.sealing import SealingKey, key_id_of, new_key
from shared.sealing.keys import KEYS_MOST, opening_keys
from shared.sealing.opening import Opener
from shared.terminal import Refused
from storage_service.accounts.audit import Audit
from storage_service.commands.seal import seal
from storage_service.sealed.rotating import Rotated, Rotating
from storage_service.sealed.rows import ROWS_AT_ONCE, all_rows, count_rows
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import conflicts, submissions
from support.events import an_event
from support.sealed import CANARY, a_sealed_event
from support.service import clean_environment, run
from support.submission_databases import NOW, migrated, store

OLD, NEW, LOST = new_key(), new_key(), new_key()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Mapping[str, str]:
    file = tmp_path / "opening_keys"
    file.write_text(f"{NEW.written()}\n{OLD.written()}\n")
    return {"COUNTERFOIL_DATABASE_URL": database_url, "COUNTERFOIL_OPENING_KEYS_FILE": str(file)}


def many(count: int) -> list[SubmissionAccepted]:
    return [a_sealed_event({"iban": f"{CANARY}{number}", "n": number}, key=OLD) for number in range(count)]


def conflict_of(engine: Engine, event: SubmissionAccepted) -> None:
    later = replace(a_sealed_event({"iban": "later"}, key=OLD, id=event.id), fingerprint="1" * 64)
    with SubmissionRepository(engine).transaction() as rows:
        rows.keep_conflicts([later], received_at=NOW)


def used(engine: Engine) -> set[str]:
    return {key_id_of(one) for row in all_rows(engine) for one in row.sealed.values()}


def values(engine: Engine) -> set[object]:
    opener = Opener([NEW])
    return {opener.open(row.form, row.id, name, one) for row in all_rows(engine) for name, one in row.sealed.items()}


def test_a_pair_is_made_and_the_newest_stands_first(tmp_path: Path) -> None:
    file = tmp_path / "opening_keys"
    shown = [run("storage_service", "seal", "new", str(file), settings={}).strip() for _ in range(2)]
    keys = opening_keys(file.read_text())
    assert [str(one.sealing) for one in keys] == shown[::-1]
    assert [SealingKey.read(one) for one in shown] == [one.sealing for one in keys[::-1]]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    given = {"COUNTERFOIL_OPENING_KEYS_FILE": str(file)}
    assert run("storage_service", "seal", "show", settings=given).strip() == shown[1]


def test_no_key_is_lost_where_several_are_made_at_once(tmp_path: Path) -> None:
    file = tmp_path / "opening_keys"
    with ThreadPoolExecutor(8) as threads:
        assert not any(threads.map(seal, [["new", str(file)]] * 64))
    assert len(opening_keys(file.read_text())) == 64


def test_no_more_keys_are_made_than_a_console_takes(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("".join(f"{new_key().written()}\n" for _ in range(KEYS_MOST)))
    with pytest.raises(Refused, match="100 keys"):
        seal(["new", str(file)])
    assert len(opening_keys(file.read_text())) == KEYS_MOST


def test_what_is_no_file_of_keys_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_text("something else")
    run("storage_service", "seal", "new", str(file), settings={}, exit_code=2)
    run("storage_service", "seal", "new", str(tmp_path / "absent" / "file"), settings={}, exit_code=2)
    assert file.read_text() == "something else"
    run("storage_service", "seal", "show", settings={}, exit_code=2)
    run("storage_service", "seal", "show", settings={"COUNTERFOIL_OPENING_KEYS": "x"}, exit_code=2)


def test_keys_in_use_are_told_and_a_lost_one_is_named(engine: Engine, settings: Mapping[str, str]) -> None:
    first = a_sealed_event({"a": 1, "b": 2}, key=OLD)
    store(engine, an_event(), first, a_sealed_event(key=LOST), a_sealed_event(key=LOST))
    conflict_of(engine, first)
    told = run("storage_service", "seal", "keys", settings=settings, exit_code=1)
    assert told.splitlines() == [
        f"{NEW.id}\there, the newest\t0 submissions",
        f"{OLD.id}\there\t2 submissions",
        f"{LOST.id}\tLOST: not here\t2 submissions stay sealed",
    ]
    run("storage_service", "seal", "rotate", settings=settings, exit_code=1)
    assert used(engine) == {NEW.id, LOST.id}
    assert [one.action for one in Audit(engine).page(9)] == ["seal.rotate"]


def test_all_is_sealed_to_the_newest_and_stays_what_it_was(engine: Engine) -> None:
    events = many(ROWS_AT_ONCE + 3)
    store(engine, *events, an_event())
    conflict_of(engine, events[0])
    told: list[int] = []
    done = Rotating(engine, [NEW, OLD]).run(lambda one: told.append(one.rows))
    assert told == [ROWS_AT_ONCE, ROWS_AT_ONCE + 3, ROWS_AT_ONCE + 4]
    assert (done.rows, done.values, done.spoiled) == (count_rows(engine), 2 * len(events) + 1, 0)
    assert used(engine) == {NEW.id}
    assert values(engine) == {
        "later",
        *(f"{CANARY}{number}" for number in range(len(events))),
        *range(len(events)),
    }
    with engine.connect() as connection:
        assert set(connection.execute(select(submissions.c.version)).scalars()) == {1}
    assert Rotating(engine, [NEW]).run(lambda _: None).values == 0


def test_what_is_spoiled_is_counted_and_left(engine: Engine) -> None:
    event = a_sealed_event(key=OLD)
    store(engine, event, replace(a_sealed_event(key=OLD), sealed=event.sealed))
    done = Rotating(engine, [NEW, OLD]).run(lambda _: None)
    assert (done.values, done.spoiled) == (1, 1)


def test_what_is_erased_meanwhile_stays_erased(engine: Engine) -> None:
    events = many(2)
    store(engine, *events)

    def erase(done: Rotated) -> None:
        with engine.begin() as connection:
            connection.execute(update(submissions).values(sealed=None))

    Rotating(engine, [NEW, OLD], reach=lambda name: None).run(erase)
    assert count_rows(engine) == 0


@pytest.mark.parametrize("point", ["rotate-before-commit", "rotate-after-commit"])
def test_a_killed_rotation_is_begun_again_and_ends_the_same(
    engine: Engine, settings: Mapping[str, str], point: str
) -> None:
    events = many(ROWS_AT_ONCE + 3)
    store(engine, *events)
    conflict_of(engine, events[0])
    killed = {**settings, "COUNTERFOIL_FAILPOINT": point}
    run("storage_service", "seal", "rotate", settings=killed, exit_code=137)
    assert used(engine) == ({OLD.id} if point == "rotate-before-commit" else {OLD.id, NEW.id})
    assert len(values_of_both(engine)) == 2 * len(events) + 1
    told = run("storage_service", "seal", "rotate", settings=settings)
    assert f"sealed anew to {NEW.id}" in told
    assert used(engine) == {NEW.id}
    assert len(values(engine)) == 2 * len(events) + 1


def values_of_both(engine: Engine) -> set[object]:
    opener = Opener([NEW, OLD])
    return {opener.open(row.form, row.id, name, one) for row in all_rows(engine) for name, one in row.sealed.items()}


def test_kill_9_at_any_moment_loses_nothing(engine: Engine, settings: Mapping[str, str]) -> None:
    events = many(3 * ROWS_AT_ONCE)
    store(engine, *events)
    command = [sys.executable, "-m", "storage_service", "seal", "rotate"]
    environment = {**clean_environment(), **settings}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr
    assert "of 600 submissions" in process.stderr.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert len(values_of_both(engine)) == 2 * len(events)
    run("storage_service", "seal", "rotate", settings=settings)
    assert used(engine) == {NEW.id}
    assert len(values(engine)) == 2 * len(events)


def test_a_conflict_is_read_in_the_place_of_its_submission(engine: Engine) -> None:
    event = a_sealed_event(key=OLD)
    store(engine, event)
    conflict_of(engine, event)
    rows = list(all_rows(engine))
    assert [(row.table, row.id, row.form) for row in rows] == [
        (submissions, event.id, "signup"),
        (conflicts, event.id, "signup"),
    ]
