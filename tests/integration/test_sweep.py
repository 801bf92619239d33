"""The sweep, on both databases: what nobody needs goes, after two passes, and what somebody needs stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, Engine, delete, insert, select, update

from shared.contracts import SubmissionAccepted
from shared.database import reading
from shared.files import MemoryFiles, StoreUnavailable
from shared.parked.naming import Naming
from storage_service.files import rows as files
from storage_service.files.parked import give_up_parked
from storage_service.store.repository import SubmissionRepository
from storage_service.sweeping import claim, presence, state
from storage_service.sweeping.behind import Behind
from storage_service.sweeping.claim import Contested
from storage_service.sweeping.measuring import SweepInstruments
from storage_service.sweeping.presence import Presence
from storage_service.sweeping.removals import LOOK_EVERY_S, Removals, waiting
from storage_service.sweeping.sweeper import CLAIM_EVERY, Sweeper
from storage_service.sweeping.times import USUAL, Times
from storage_service.sweeping.watching import QUEUES, Watching
from storage_service.tables import FILES, PARKED, SWEEP, submissions
from support.erasures import park
from support.events import a_file, an_event, with_files
from support.submission_databases import migrated, store

BEGIN = datetime(2026, 12, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@dataclass
class World:
    """A store of files, and a sweeper by a clock of its own."""

    engine: Engine
    files: MemoryFiles = field(default_factory=MemoryFiles)
    now: datetime = BEGIN
    found: int = 0
    removed: int = 0
    contested: int = 0

    def __post_init__(self) -> None:
        self.sweeper = self.another()
        self.sweeper.turn()  # has storage look

    def another(self) -> Sweeper:
        return Sweeper(
            self.engine,
            self.files,
            found=self._found,
            removed=self._removed,
            contested=self._contested,
            clock=lambda: self.now,
        )

    def put(self, *keys: str, ago: timedelta = 3 * DAY) -> None:
        for key in keys:
            self.files.files[key] = b"abc", self.now - ago

    def a_pass(self, after: timedelta = DAY) -> None:
        """Let a pass over the queues end that begins some time from now, and sweep."""
        self.now += after
        with self.engine.begin() as connection:
            state.settled(connection, self.now, self.now)
        self.sweep()

    def sweep(self) -> None:
        while self.sweeper.turn() != USUAL.idle_s:
            pass

    @property
    def left(self) -> set[str]:
        return {one.key for one in self.files.keys("")}

    def noted(self) -> set[str]:
        with reading(self.engine).connect() as connection:
            return set(connection.scalars(select(SWEEP.orphans.c.key)))

    def _found(self, count: int) -> None:
        self.found += count

    def _removed(self, count: int) -> None:
        self.removed += count

    def _contested(self, contested: int) -> None:
        self.contested = contested


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def an_upload(number: int = 1, day: str = "2026-12-07") -> str:
    return f"contact/{day}/abcdefghijklmnopqrstuvwxyz/{number}"


def submitted(key: str) -> SubmissionAccepted:
    return with_files(an_event(form="contact"), a_file(key=key))


def test_an_orphan_goes_after_a_second_pass_and_what_is_in_a_row_stays(world: World) -> None:
    needed, orphan = an_upload(1), an_upload(2)
    store(world.engine, submitted(needed))
    world.put(needed, orphan)
    world.sweep()
    assert world.noted() == set(), "without a pass nothing is known"
    world.a_pass()
    assert (world.noted(), world.left) == ({orphan}, {needed, orphan})
    world.a_pass()
    assert (world.noted(), world.left) == (set(), {needed})
    assert (world.found, world.removed) == (1, 1)


def test_a_second_pass_must_have_begun_well_after_the_orphan_was_noted(world: World) -> None:
    world.put(an_upload())
    world.a_pass()
    world.a_pass(after=HOUR)
    assert world.left == {an_upload()}
    world.a_pass(after=HOUR)
    assert world.left == set()


def test_what_was_put_within_the_margin_or_on_a_later_day_is_left_alone(world: World) -> None:
    world.put(an_upload(1, "2026-12-10"), ago=-DAY + HOUR)
    world.put(an_upload(2, "2026-12-12"), ago=9 * DAY)
    for _ in range(2):
        world.a_pass(after=20 * HOUR)
    assert world.left == {an_upload(1, "2026-12-10"), an_upload(2, "2026-12-12")}


def test_what_comes_to_be_needed_after_it_was_noted_stays(world: World) -> None:
    world.put(an_upload())
    world.a_pass()
    store(world.engine, submitted(an_upload()))
    world.a_pass()
    assert (world.noted(), world.left) == (set(), {an_upload()})


def test_what_a_parked_message_names_stays_whatever_became_of_that(world: World) -> None:
    for number in range(1, 30):
        park(world.engine, submitted(an_upload(number)))
    world.put(*(an_upload(number) for number in range(1, 31)))
    world.a_pass()
    world.a_pass()
    assert world.left == {an_upload(number) for number in range(1, 30)}


def test_what_no_gateway_put_is_left_alone(world: World) -> None:
    others = {"readme.txt", "contact/notes", "contact/2026-99-99/abc/1", "backup/2026-12-07/abc/files.tar"}
    others |= {"logs/2026-12-07/host/1"}
    world.put(*others)
    world.a_pass()
    world.a_pass()
    assert world.left == others


def test_a_preview_goes_with_the_last_row_of_its_file(world: World) -> None:
    event = submitted(an_upload())
    store(world.engine, event)
    kept, gone, new = f"previews/{event.files[0].sha256}", f"previews/{'2' * 64}", f"previews/{'1' * 64}"
    world.put(an_upload(), kept, gone)
    world.put(new, ago=-DAY + timedelta(minutes=59))
    world.a_pass()
    assert world.left == {an_upload(), kept, new}


def test_goes_on_after_the_store_was_away_and_after_a_death(world: World) -> None:
    world.put(*(an_upload(number) for number in range(1, 1201)))
    world.a_pass()
    world.now += DAY
    with world.engine.begin() as connection:
        state.settled(connection, world.now, world.now)
    for _ in range(3):
        world.sweeper.turn()
    assert len(world.left) == 1000, "a hundred in each turn, after one that looks what is needed"
    world.files.failure = StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        world.sweeper.turn()
    world.files.failure = None
    world.sweeper = world.another()
    world.sweep()
    assert (world.left, world.noted()) == (set(), set())


def test_a_listing_that_broke_off_begins_again(world: World) -> None:
    world.put(*(an_upload(number) for number in range(1, 601)))
    world.now += DAY
    with world.engine.begin() as connection:
        state.settled(connection, world.now, world.now)
    for _ in range(2):
        world.sweeper.turn()
    assert len(world.noted()) == 500
    world.files.failure = StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        world.sweep()
    world.files.failure = None
    world.sweep()
    assert len(world.noted()) == 600


def test_removals_delete_what_no_row_names(world: World) -> None:
    needed, gone = an_upload(1), [an_upload(number) for number in range(2, 252)]
    world.put(needed, *gone)
    with world.engine.begin() as connection:
        connection.execute(insert(FILES.removals), [{"key": key, "at": world.now} for key in [needed, *gone]])
    store(world.engine, submitted(needed))
    removals = Removals(world.engine, world.files)
    world.files.failure = StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        removals.turn()
    world.files.failure = None
    while removals.turn() != LOOK_EVERY_S:
        pass
    assert world.left == {needed}
    with reading(world.engine).connect() as connection:
        assert connection.execute(select(FILES.removals)).all() == []


class Stubborn(MemoryFiles):
    """A store that works, and deletes some keys never."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = set[str]()

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            if key in self.kept:
                raise StoreUnavailable("access denied")
            super().delete([key])


def test_a_key_that_cannot_be_deleted_holds_up_no_other(engine: Engine) -> None:
    stubborn, told, removed = Stubborn(), list[int](), list[int]()
    removals = Removals(engine, stubborn, removed=removed.append, undeletable=told.append)
    keys = [an_upload(number) for number in range(1, 251)]
    stubborn.kept = set(keys[:7])
    for key in keys:
        stubborn.put(key, [b"abc"])
    with engine.begin() as connection:
        moments = [BEGIN + timedelta(seconds=number) for number in range(len(keys))]
        rows = [{"key": key, "at": at} for key, at in zip(keys, moments, strict=True)]
        connection.execute(insert(FILES.removals), rows)
    with pytest.raises(StoreUnavailable):  # of the first five none goes: that may be the store
        removals.turn()
    while removals.turn() != LOOK_EVERY_S:
        pass
    assert {one.key for one in stubborn.keys("")} == stubborn.kept
    assert (sum(removed), told[-1]) == (243, 7)
    with reading(engine).connect() as connection:
        assert waiting(connection).count == 7, "they are tried again, and an alert says how long they have waited"
    stubborn.kept = set()
    assert Removals(engine, stubborn).turn() != LOOK_EVERY_S
    assert list(stubborn.keys("")) == []


def test_an_orphan_that_cannot_be_deleted_holds_up_no_other_sweep(engine: Engine) -> None:
    stubborn = Stubborn()
    world = World(engine, stubborn)
    keys = [an_upload(number) for number in range(1, 4)]
    world.put(*keys)
    stubborn.kept = {keys[0]}
    world.a_pass()
    world.a_pass()
    assert (world.left, world.removed) == ({keys[0]}, 2)
    world.a_pass()
    assert world.sweeper.turn() == USUAL.idle_s, "it comes to its end"


def test_what_a_forgotten_parked_message_names_goes_unless_a_submission_has_it(world: World) -> None:
    mine, other = submitted(an_upload(1)), submitted(an_upload(2))
    world.put(an_upload(1), an_upload(2))
    store(world.engine, mine)
    for event in (mine, other):
        park(world.engine, event)
    with reading(world.engine).connect() as connection:
        ids = list(connection.scalars(select(PARKED.messages.c.id)))
    assert Naming(world.engine, PARKED, give_up_parked).forget(ids, "ada@example.org") == 2
    Removals(world.engine, world.files).turn()
    assert world.left == {an_upload(1)}


def test_what_is_to_be_removed_in_any_case_is_no_orphan(world: World) -> None:
    world.put(an_upload())
    with world.engine.begin() as connection:
        files.give_up(connection, [an_upload()], world.now)
    world.a_pass()
    assert world.noted() == set()


def test_storage_looks_only_where_there_is_a_store_and_says_when_all_is_settled(engine: Engine) -> None:
    times = replace(Times(), least_s=20.0, look_every_s=5.0)
    looked, now_s = [0], [0.0]

    def depths() -> dict[str, int]:
        looked[0] += 1
        return dict.fromkeys(QUEUES, 0)

    def clock() -> datetime:
        return BEGIN + timedelta(seconds=now_s[0])

    watching = Watching(engine, depths, times, clock=clock, clock_s=lambda: now_s[0])
    living = Presence(engine, lambda: 1.0, clock=clock)
    living.beat()
    watching.turn()
    assert looked == [0]
    World(engine)
    for _ in range(10):
        now_s[0] += 5
        living.beat()
        watching.turn()
    with reading(engine).connect() as connection:
        swept = state.read(connection)
    assert swept is not None
    assert swept.settled_from == BEGIN + timedelta(seconds=5)
    assert looked[0] < 10, "the next pass has time"
    living.leave()
    with reading(engine).connect() as connection:
        assert presence.present(connection) == {}


def test_one_process_of_several_has_its_turn(engine: Engine) -> None:
    one, other = Behind(engine, "x", lambda: 1.0), Behind(engine, "x", lambda: 2.0)
    assert (one.turn(), other.turn(), one.turn()) == (1.0, 10.0, 1.0)


def test_whoever_loses_the_lease_measures_no_more(engine: Engine) -> None:
    registry, now = CollectorRegistry(), [BEGIN]
    measured = SweepInstruments(registry, engine)
    measured.contested(1)
    measured.removals_undeletable(3)
    told = [measured.sweeps_no_more, measured.removes_no_more]
    ours = [Behind(engine, str(n), lambda: 1.0, aside=one, clock=lambda: now[0]) for n, one in enumerate(told)]
    assert [one.turn() for one in ours] == [1.0, 1.0]
    assert _standing(registry) == (1, 3)
    now[0] += HOUR
    theirs = [Behind(engine, str(n), lambda: 1.0, clock=lambda: now[0]) for n in range(2)]
    assert [one.turn() for one in (*theirs, *ours)] == [1.0, 1.0, 10.0, 10.0]
    assert _standing(registry) == (0, 0)


def _standing(registry: CollectorRegistry) -> tuple[float | None, float | None]:
    of_removals = registry.get_sample_value("counterfoil_files_undeletable", {"of": "removals"})
    return registry.get_sample_value("counterfoil_files_contested"), of_removals


def test_two_databases_never_sweep_one_store(world: World, tmp_path: Path) -> None:
    theirs = an_upload(2)
    world.put(an_upload(1), theirs)
    store(world.engine, submitted(an_upload(1)))
    world.a_pass()
    with migrated(f"sqlite:///{tmp_path}/other.db") as engine:
        store(engine, submitted(theirs))
        told = list[int]()
        other = Sweeper(engine, world.files, clock=lambda: world.now, contested=told.append)
        for _ in range(2):
            with pytest.raises(Contested):
                other.turn()
        assert told == [1, 1]
    assert world.contested == 0
    world.now += CLAIM_EVERY
    with pytest.raises(Contested):
        world.sweeper.turn()
    assert world.contested == 1, "it is said before the next sweep"
    with pytest.raises(Contested):
        world.a_pass()
    assert world.left == {an_upload(1), theirs}, "nobody knows whose it is"
    with reading(world.engine).connect() as connection:
        claim.claim(world.files, swept_by(connection).listed_for)
    world.sweep()
    assert world.contested == 0
    world.a_pass()
    assert world.left == {an_upload(1)}


def test_a_database_that_was_restored_without_its_store_sweeps_nothing(world: World) -> None:
    newer = an_upload()
    world.put(newer)
    store(world.engine, submitted(newer))
    world.a_pass()
    with reading(world.engine).connect() as connection:
        backed_up = swept_by(connection).listed_for
    assert backed_up
    world.a_pass()
    with world.engine.begin() as connection:
        state.listed(connection, backed_up)
        connection.execute(delete(FILES.files))
    for _ in range(2):
        with pytest.raises(Contested):
            world.a_pass()
    assert world.left == {newer}


def test_processes_of_one_database_take_turns_and_a_death_between_two_notes_harms_nobody(world: World) -> None:
    world.put(an_upload())
    world.a_pass()
    first, world.sweeper = world.sweeper, world.another()
    world.a_pass()
    world.sweeper = first
    world.a_pass()
    with reading(world.engine).connect() as connection:
        listed_for = swept_by(connection).listed_for
    assert listed_for
    claim.note(world.files, listed_for, listed_for + DAY)
    world.a_pass()
    assert world.left == set()


def test_a_clock_that_was_ahead_for_a_while_stops_nothing(world: World) -> None:
    world.put(an_upload(1, "2026-12-01"), ago=20 * DAY)
    world.now += 4000 * DAY
    world.a_pass()
    world.now = BEGIN
    watching = Watching(world.engine, lambda: dict.fromkeys(QUEUES, 0), clock=lambda: world.now)
    assert watching.turn() == USUAL.look_every_s, "the pass is due, though the last one ends in years"
    world.a_pass()
    world.a_pass()
    assert world.left == set()


def test_files_that_an_older_version_left_when_it_erased_are_removed(world: World) -> None:
    event, kept = submitted(an_upload(1)), submitted(an_upload(2))
    world.put(an_upload(1), an_upload(2))
    store(world.engine, event)
    store(world.engine, kept)
    conflict = with_files(replace(kept, fingerprint="2" * 64), a_file(key=an_upload(3)))
    world.put(an_upload(3))
    with SubmissionRepository(world.engine).transaction() as rows:
        rows.keep_conflicts([conflict], received_at=world.now)
        rows.keep_files([conflict], at=world.now)
    with world.engine.begin() as connection:  # as a version does that knows no files
        erased = update(submissions).where(submissions.c.id == event.id)
        connection.execute(erased.values(erased_at=world.now, fingerprint="0" * 64, fields={}))
    world.a_pass()
    Removals(world.engine, world.files).turn()
    assert world.left == {an_upload(2), an_upload(3)}


def test_a_process_whose_clock_is_behind_is_seen_and_a_silent_one_forgotten(engine: Engine) -> None:
    behind = Presence(engine, lambda: 1.0, clock=lambda: BEGIN - DAY)
    heard = presence.Heard(600.0)
    for clock_s in (0.0, 500.0, 1000.0, 1500.0):
        behind.beat()
        with engine.begin() as connection:
            assert len(heard.without_silent(connection, clock_s)) == 1
    with engine.begin() as connection:
        assert heard.without_silent(connection, 2101.0) == {}
        assert presence.present(connection) == {}


def swept_by(connection: Connection) -> state.Swept:
    swept = state.read(connection)
    assert swept is not None
    return swept
