"""Puts the worker of retention together, for whoever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from shared.failpoints import Reach
from shared.forms import Form
from storage_service.retention.applying import Applying, Erases
from storage_service.retention.measuring import measure_retention
from storage_service.retention.others import Others
from storage_service.retention.outlook import Outlooks
from storage_service.retention.steady import SteadyClock
from storage_service.retention.worker import Worker


def worker_of(
    engine: Engine,
    erases: Erases,
    forms: Mapping[str, Form],
    audit_kept_for: timedelta | None,
    registry: CollectorRegistry,
    reach: Reach,
) -> Worker:
    """Return the worker of a console: by the forms of its file, whatever they say later."""
    clock = SteadyClock()
    return Worker(
        engine,
        Applying(engine, erases, forms, clock=clock, reach=reach),
        forms,
        clock=clock,
        others=Others(engine, audit_kept_for),
        taken=measure_retention(registry, Outlooks(engine).behind_s),
    )
