"""An import holds few records at once, whatever they are made of, and shows names that strangers chose as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.contracts import JsonValue
from shared.forms import Form
from storage_service.importing.encodings import encoding_of
from storage_service.importing.found import CHARACTERS_AT_ONCE, Found, NotTaken
from storage_service.importing.importer import Importer
from storage_service.importing.keys import Keys
from storage_service.importing.mapping import Columns, Target
from storage_service.importing.moments import Moments
from storage_service.importing.remarks import Remarks
from storage_service.importing.report import Report
from storage_service.importing.rows import Standing
from storage_service.importing.services import SERVICES
from storage_service.importing.source import open_source
from storage_service.importing.taken import Taken
from storage_service.importing.taking import Taking

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
LONG = "x" * 1_000_000
LARGE: list[JsonValue] = [[LONG], {"inside": {"deep": [LONG]}}, LONG]


class Batches:
    """Notes how many are looked at together."""

    is_sqlite = False

    def __init__(self) -> None:
        self.counts: list[int] = []

    def look(self, batch: Sequence[Taken]) -> Standing:
        self.counts.append(len(batch))
        return Standing(new=batch)

    write = look


def unexpected(one: NotTaken) -> None:
    pytest.fail(one.why)


@pytest.mark.parametrize("value", LARGE, ids=["list", "object", "text"])
def test_large_records_come_in_small_batches(value: JsonValue) -> None:
    service, batches = SERVICES["ndjson"], Batches()
    taking = Taking(
        service, Columns(service, {"t": Target(None, "time")}), Moments(None, None, NOW), Keys(), Form("a", "a")
    )
    records = (Found(n, n, {"t": f"2026-01-01T00:00:{n:02}Z", "value": value}) for n in range(20))
    importer = Importer(
        batches, taking, Remarks(None, NOW), is_dry=True, note=unexpected, tick=lambda _: None, rest=lambda _: None
    )
    importer.run(records)
    assert sum(batches.counts) == 20
    assert max(batches.counts) <= CHARACTERS_AT_ONCE // len(LONG) + 1


@pytest.mark.parametrize("value", LARGE, ids=["list", "object", "text"])
def test_of_large_records_few_are_read_to_learn_their_names(tmp_path: Path, value: JsonValue) -> None:
    file = tmp_path / "large.ndjson"
    file.write_text(f"{json.dumps({'value': value})}\n" * 20)
    source = open_source(file, encoding_of(file, None), SERVICES["ndjson"], ",")
    try:
        assert source.columns == ["value"]
        assert source.place() < 2 * CHARACTERS_AT_ONCE
        assert sum(isinstance(one, Found) for one in source.records) == 20
    finally:
        source.close()


def test_a_name_that_a_stranger_chose_does_nothing_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Report(1).note(NotTaken(7, 7, "\x1b]0;owned\x07\u202e: no text\nline 8: a line that is none"))
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert not {"\x1b", "\x07", "\u202e"}.intersection(said)
    assert said.startswith("line 7: ")
