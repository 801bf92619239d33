"""Files that nobody could scan when they came are scanned later, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine

from shared.contracts import SubmissionAccepted
from shared.database import reading
from shared.files import MemoryFiles, StoreUnavailable
from shared.files.scanning import Scan, ScannerAway, TooLargeToScan, Verdict
from shared.messaging.failures import DependencyUnavailable
from storage_service.accounts.audit import Audit
from storage_service.files import files_of
from storage_service.sweeping.late_scan import LOOK_EVERY_S, LateScan
from support.events import a_file, an_event, with_files
from support.submission_databases import migrated, store


class FakeScan(Scan):
    """Finds the word `virus`."""

    def __init__(self, failure: ScannerAway | None) -> None:
        super().__init__(None)
        self.read = b""
        self.fails = failure

    def feed(self, piece: bytes) -> None:
        self.read += piece

    def verdict(self, timeout_s: float = 1.0) -> Verdict:
        if self.fails:
            raise self.fails
        if b"bomb" in self.read:
            raise ScannerAway("clamd took too long")
        if b"large" in self.read:
            raise TooLargeToScan
        return Verdict("Eicar" if b"virus" in self.read else None)


@dataclass
class World:
    """A database, a store of files, and a scanner that may be away."""

    engine: Engine
    files: MemoryFiles = field(default_factory=MemoryFiles)
    failure: ScannerAway | None = None
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.late = LateScan(
            self.engine, self.files, self, Audit(self.engine), lambda result, _: self.told.append(result)
        )

    def begin(self) -> Scan:
        return FakeScan(self.failure)

    def submitted(self, content: bytes | None, scan: str | None = "unscanned") -> SubmissionAccepted:
        event = with_files(an_event(), a_file(scan=scan))
        store(self.engine, event)
        if content is not None:
            self.files.put(event.files[0].key, [content])
        return event

    def scan(self) -> None:
        while self.late.turn() != LOOK_EVERY_S:
            pass

    def said(self, event: SubmissionAccepted) -> str | None:
        with reading(self.engine).connect() as connection:
            return files_of(connection, [event.id])[event.id][0].scan


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with migrated(database_url) as engine:
        yield World(engine)


def test_what_was_not_scanned_is_and_what_is_infected_is_noted(world: World) -> None:
    clean, infected = world.submitted(b"a letter"), world.submitted(b"a virus")
    others = {scan: world.submitted(b"a virus", scan) for scan in ("clean", None)}
    world.scan()
    assert (world.said(clean), world.said(infected)) == ("clean", "infected: Eicar")
    assert {scan: world.said(one) for scan, one in others.items()} == {"clean": "clean", None: None}
    assert sorted(world.told) == ["clean", "infected"]
    lines = Audit(world.engine).page(10)
    assert [(one.by, one.action, one.on) for one in lines] == [("rule: scanner", "file.infected", str(infected.id))]


def test_waits_while_the_scanner_or_the_store_is_away(world: World) -> None:
    event = world.submitted(b"a letter")
    world.failure = ScannerAway("clamd: Connection refused")
    with pytest.raises(DependencyUnavailable, match="refused"):
        world.late.turn()
    world.failure, world.files.failure = None, StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        world.late.turn()
    assert world.said(event) == "unscanned"
    world.files.failure = None
    world.scan()
    assert (world.said(event), world.told) == ("clean", ["away", "clean"])


def test_passes_over_what_can_never_be_scanned(world: World) -> None:
    for _ in range(15):
        world.submitted(None)
        world.submitted(b"too large")
    last = world.submitted(b"a letter")
    world.scan()
    assert world.said(last) == "clean"


def test_a_file_by_which_the_scanner_ends_keeps_no_other_waiting(world: World) -> None:
    bombs = [world.submitted(b"a bomb") for _ in range(3)]
    letters = [world.submitted(b"a letter") for _ in range(3)]
    failures = 0
    for _ in range(len(bombs) + len(letters)):
        try:
            world.late.turn()
        except DependencyUnavailable:
            failures += 1
    assert failures == 3
    assert {world.said(one) for one in letters} == {"clean"}
    assert {world.said(one) for one in bombs} == {"unscanned"}
    with pytest.raises(DependencyUnavailable):
        world.late.turn()  # and is tried again, as after a scanner that was away


def test_what_is_passed_over_is_gone_through_in_pages(world: World) -> None:
    for _ in range(45):
        world.submitted(b"too large")
    world.scan()
    turns = 1
    while world.late.turn() != LOOK_EVERY_S:
        turns += 1
    assert turns == 4, "three pages of what is known, and the end"
