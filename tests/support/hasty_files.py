"""Runs storage, or what sweeps and scans files, with little patience: `python -m tests.support.hasty_files storage`."""

from __future__ import annotations

import sys
from datetime import timedelta

from prometheus_client import CollectorRegistry

from shared import database, failpoints, logs
from shared.files import store_at
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.running import run_until_told
from shared.telemetry.files import FileInstruments
from storage_service import service, settings
from storage_service.sweeping.building import workers_of
from storage_service.sweeping.times import Times

HASTY = Times(
    margin=timedelta(seconds=2),
    skew=timedelta(0),
    look_every_s=0.5,
    gap_most_s=10.0,
    least_s=12.0,
    renewed_s=8.0,
    silent_s=6.0,
    forgotten_after=timedelta(seconds=10),
    rest=timedelta(0),
    beat_every_s=1.0,
    idle_s=0.5,
)
"""A pass takes a quarter of a minute. All is as far apart as it is in truth, but for what only hours show."""


def main(what: str) -> int:
    """Run one of the two until it is told to end."""
    chosen, registry = settings.load(), CollectorRegistry()
    logs.configure("storage", level="debug", format="json")
    engine, reach = database.create(chosen.database_url), failpoints.from_environment()
    if what == "storage":
        broker = RabbitMQ(chosen.broker_url, name="storage", reach=reach, renew_every_s=3.0)
        return 0 if service.run(chosen, engine, broker, reach, registry, times=HASTY) else 1
    assert chosen.files
    store, instruments = store_at(chosen.files), FileInstruments(registry)
    workers = workers_of(engine, chosen.files, store, instruments, registry, reach, HASTY)
    return 0 if run_until_told(workers) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
