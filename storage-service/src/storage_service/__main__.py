"""The composition root: `python -m storage_service` runs.

`python -m storage_service migrate` updates the schema, `python -m storage_service parked …` is for an operator.
"""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from shared import database, failpoints, logs, tracing
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Broker
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.running import run_until_told
from shared.messaging.topology import STORAGE, STORAGE_QUERIES
from shared.parked import command
from shared.parked.collector import ParkedCollector
from shared.parked.messages import ParkedMessages
from shared.settings import SettingsError
from shared.telemetry.health import ProcessHealth
from shared.telemetry.listener import listening
from shared.telemetry.messaging import messaging
from shared.telemetry.parked import measure_parked
from shared.telemetry.registry import process_registry
from storage_service import settings
from storage_service.queries import SubmissionQueries
from storage_service.store.handler import StoreSubmissions
from storage_service.store.instruments import TimedRepository, counting
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import MIGRATIONS, PARKED

PROGRAM = "python -m storage_service"
USAGE = f"usage: {PROGRAM} [migrate | parked …]"


def main(arguments: Sequence[str]) -> int:
    """Run or migrate, and return the exit code: 0 when told to stop, 2 when it cannot start as it is set up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if arguments[:1] == ["parked"]:
        return command.run(f"{PROGRAM} parked", arguments[1:], _open_parked)
    if list(arguments) not in ([], ["migrate"]):
        return _refuse(USAGE)
    try:
        chosen = settings.load(with_broker=not arguments)
    except SettingsError as error:
        return _refuse(str(error))
    logs.configure("storage", level=chosen.log_level, format=chosen.log_format)
    engine = database.create(chosen.database_url)
    if arguments:
        return _migrate(engine)
    if _is_pending(engine):
        return _refuse(f"the database has not been migrated: run `{PROGRAM} migrate` first")
    reach = failpoints.from_environment()
    spans, registry = tracing.from_environment("storage"), process_registry("storage-service")
    broker = RabbitMQ(chosen.broker_url, name="storage", reach=reach, instruments=messaging(registry, [STORAGE]))
    try:
        told = run(chosen, engine, broker, reach, registry, spans)
    except SettingsError as error:
        return _refuse(str(error))
    return 0 if told else 1


def run(
    chosen: settings.Settings,
    engine: Engine,
    broker: Broker,
    reach: failpoints.Reach,
    registry: CollectorRegistry,
    spans: tracing.Spans | None = None,
) -> bool:
    """Store what arrives and answer queries, until SIGTERM or SIGINT; False where it ended untold.

    Raises `SettingsError` where metrics cannot be served.
    """
    announcer = broker.announcer()
    handler = StoreSubmissions(
        TimedRepository(SubmissionRepository(engine), registry),
        announce=announcer.announce,
        clock=lambda: datetime.now(UTC),
        reach=reach,
        note=counting(registry),
    )
    limits = BatchLimits(size=chosen.batch_size, age_s=chosen.batch_age_ms / 1000)
    consumer = broker.consumer(STORAGE, tracing.traced(handler, STORAGE, spans), limits)
    parked = ParkedCollector(broker, engine, PARKED, [STORAGE], reach=reach)
    measure_parked(registry, parked.repository.waiting)
    answering = broker.serve(STORAGE_QUERIES, {**SubmissionQueries(engine).methods(), **parked.methods()})
    _collect_less_often()
    health = ProcessHealth(stuck=[broker.stuck, consumer.stuck], missing=[consumer.missing])
    try:
        with listening(chosen.metrics_bind, health, registry):
            return run_until_told([consumer])
    finally:
        answering.close()
        parked.close()
        announcer.close()
        engine.dispose()
        if spans:
            spans.close()


def _collect_less_often() -> None:
    """Leave what was imported out of garbage collection, and collect after more allocations.

    A batch is thousands of objects without a cycle among them: looking for one took a tenth of the drain's speed.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _migrate(engine: Engine) -> int:
    try:
        MIGRATIONS.upgrade(engine)
    except DBAPIError as error:
        return _refuse(f"the database cannot be migrated: {error.orig}")
    return 0


def _is_pending(engine: Engine) -> bool:
    try:
        return MIGRATIONS.pending(engine)
    except DependencyUnavailable as error:  # the consumer holds what arrives until the database is back
        structlog.get_logger().warning("starting without the database", reason=str(error))
        return False


def _open_parked(can_publish: bool) -> AbstractContextManager[ParkedMessages]:  # noqa: FBT001 - see command
    """Return what the command `parked` works with; raises `command.Refused`."""
    try:
        chosen = settings.load(with_broker=can_publish)
    except SettingsError as error:
        raise command.Refused(str(error)) from error
    logs.configure("storage", level="warning", format=chosen.log_format)
    engine = database.create(chosen.database_url)
    return command.open_messages(engine, PARKED, MIGRATIONS, chosen.broker_url, name="storage operator")


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - to whoever starts it; logs may not be set up yet
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
