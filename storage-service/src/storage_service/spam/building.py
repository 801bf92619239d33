"""Puts the worker of spam together, for a console."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from shared.contracts import SpamModelMade
from storage_service.spam.measuring import measure_spam
from storage_service.spam.trainer import Trainer
from storage_service.spam.worker import USUAL, SpamWork, Times


def spam_work(
    engine: Engine,
    trainer: Trainer,
    announce: Callable[[SpamModelMade], None],
    registry: CollectorRegistry,
    times: Times = USUAL,
) -> SpamWork:
    """Return what is done again and again behind requests."""
    return SpamWork(engine, trainer, announce, told=measure_spam(registry, engine), times=times)
