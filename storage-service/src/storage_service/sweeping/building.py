"""Puts what works on files together, for the processes that run it."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from shared.failpoints import Reach
from shared.files import FilesSettings, FileStore
from shared.files.scanning import Scanner
from shared.messaging.broker import Consumer
from shared.telemetry.files import FileInstruments, measure_space
from storage_service.accounts.audit import Audit
from storage_service.sweeping.behind import Behind
from storage_service.sweeping.late_scan import LateScan
from storage_service.sweeping.measuring import SweepInstruments
from storage_service.sweeping.removals import Removals
from storage_service.sweeping.sweeper import Sweeper
from storage_service.sweeping.times import USUAL, Times
from storage_service.sweeping.watching import Watching, depths_at


def watcher_of(engine: Engine, broker_url: str, times: Times = USUAL) -> Behind:
    """Return what looks at the queues: for a process whose broker user may."""
    return Behind(engine, "files-watch", Watching(engine, depths_at(broker_url), times).turn)


def workers_of(
    engine: Engine,
    settings: FilesSettings,
    store: FileStore,
    instruments: FileInstruments,
    registry: CollectorRegistry,
    reach: Reach,
    times: Times = USUAL,
) -> Sequence[Consumer]:
    """Return what removes from the store, and scans in it: for a console."""
    measured = SweepInstruments(registry, engine)
    measure_space(registry, settings.folder)
    sweeper = Sweeper(
        engine,
        store,
        times,
        found=measured.found,
        removed=measured.swept,
        contested=measured.contested,
        undeletable=measured.orphans_undeletable,
        reach=reach,
    )
    removals = Removals(engine, store, removed=measured.removed, undeletable=measured.removals_undeletable, reach=reach)
    working = [
        Behind(engine, "files-sweep", sweeper.turn, aside=measured.sweeps_no_more),
        Behind(engine, "files-removals", removals.turn, aside=measured.removes_no_more),
    ]
    if settings.clamav_url:
        scans = LateScan(engine, store, Scanner(settings.clamav_url), Audit(engine), instruments.scanned)
        working.append(Behind(engine, "files-scan", scans.turn))
    return working
