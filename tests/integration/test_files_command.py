"""`python -m storage_service files …`, on both databases: what is missing in the store, and what nobody needs there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from shared.contracts import SubmissionAccepted
from shared.files.directory import DirectoryFiles
from shared.terminal import Refused
from storage_service.commands.files import files
from storage_service.sweeping import claim
from storage_service.sweeping.sweeper import Sweeper
from support.erasures import park
from support.events import a_file, an_event, with_files
from support.submission_databases import migrated, store

CONTENT = b"a letter"


@pytest.fixture
def engine(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", database_url)
    monkeypatch.setenv("COUNTERFOIL_FILES_URL", tmp_path.as_uri())
    with migrated(database_url) as made:
        yield made


def submitted(engine: Engine, kept: Path, content: bytes | None = CONTENT) -> SubmissionAccepted:
    """Store a submission with a file, which says `CONTENT`, and has this content in the store."""
    event = with_files(an_event(), a_file(size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest()))
    store(engine, event)
    if content is not None:
        DirectoryFiles(kept).put(event.files[0].key, [content])
    return event


def test_check_names_what_is_missing_or_another(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submitted(engine, tmp_path)
    assert files(["check", "--hash"]) == 0
    assert capsys.readouterr().out == "1 file, 8 bytes: all are in the store\n"
    missing, longer, other = (submitted(engine, tmp_path, one) for one in (None, b"a longer letter", b"A LETTER"))
    assert files(["check"]) == 1
    said = set(capsys.readouterr().out.splitlines())
    by_size = {
        f"submission {missing.id}, file 1: {missing.files[0].key} is not in the store",
        f"submission {longer.id}, file 1: {longer.files[0].key} has another size",
    }
    assert said == by_size | {"4 files, 32 bytes: 2 are not right"}
    assert files(["check", "--hash"]) == 1
    said = set(capsys.readouterr().out.splitlines())
    assert said >= by_size | {f"submission {other.id}, file 1: {other.files[0].key} is another file"}


def test_orphans_are_what_no_submission_and_no_parked_message_names(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submitted(engine, tmp_path)
    parked = with_files(an_event(), a_file())
    park(engine, parked)
    kept = DirectoryFiles(tmp_path)
    for key in (parked.files[0].key, "contact/2026-11-30/abcdefghijklmnopqrstuvwxyz/1", "readme"):
        kept.put(key, [CONTENT])
    assert files(["orphans"]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.endswith(" 8  contact/2026-11-30/abcdefghijklmnopqrstuvwxyz/1")
    assert last == "1 file, 8 bytes, that no submission and no parked message names by now"


def test_without_a_store_it_says_what_to_set(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTERFOIL_FILES_URL")
    with pytest.raises(Refused, match="COUNTERFOIL_FILES_URL is not set"):
        files(["check"])


def test_claim_ends_a_contest(engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = DirectoryFiles(tmp_path)
    claim.note(kept, datetime(2026, 11, 30, tzinfo=UTC))
    with pytest.raises(claim.Contested):
        Sweeper(engine, kept).turn()
    assert files(["claim"]) == 0
    assert "the store is this database's" in capsys.readouterr().out
    Sweeper(engine, kept).turn()
    assert "_notes" not in {one.key.partition("/")[0] for one in kept.keys("")}, "listings have no notes"
