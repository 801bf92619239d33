"""`python -m storage_service index` fills the search index, or has it made anew."""

from __future__ import annotations

from collections.abc import Sequence

from shared import database, logs
from shared.messaging.running import run_until_told
from shared.telemetry.health import ProcessHealth
from shared.telemetry.listener import listening
from shared.telemetry.registry import process_registry
from shared.terminal import parser, say
from storage_service import settings
from storage_service.commands.program import PROGRAM, migrated
from storage_service.records.index.indexer import Indexer, rebuild
from storage_service.records.index.measuring import measure_lag

_HELP = """\
Fill the search index until told to stop, beside the service. Several may run: one of them works.

  index              put what is stored into the index, and then what comes
  index --rebuild    have all of it made anew by whoever fills it, while it is in use; returns at once\
"""


def index(arguments: Sequence[str]) -> int:
    """Fill the search index until told to stop; with --rebuild, have it made anew."""
    made = parser(PROGRAM, "index", _HELP)
    made.add_argument("--rebuild", action="store_true", help="begin anew, and return")
    given = made.parse_args(arguments)
    chosen = settings.load(with_broker=False)
    logs.configure("storage", level=chosen.log_level, format=chosen.log_format)
    engine = migrated(database.create(chosen.database_url))
    try:
        if given.rebuild:
            rebuild(engine)
            say("the search index will be made anew; until then it is used as it is")
            return 0
        return 0 if _fill(Indexer(engine), chosen.metrics_bind) else 1
    finally:
        engine.dispose()


def _fill(indexer: Indexer, metrics_bind: str | None) -> bool:
    registry = process_registry("storage-service")
    measure_lag(registry, indexer.lag_s)
    health = ProcessHealth(stuck=[indexer.stuck], missing=[indexer.missing])
    with listening(metrics_bind, health, registry):
        return run_until_told([indexer])
