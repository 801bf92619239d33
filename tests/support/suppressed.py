"""A notify service as far as it keeps addresses that are sent no mail, for a console in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from notify_service.suppression.questions import methods
from notify_service.suppression.suppression import Suppression
from notify_service.suppression.table import SuppressionTable
from notify_service.tables import MIGRATIONS
from shared import database
from shared.links.addresses import AddressKey
from shared.messaging.topology import NOTIFY_QUERIES
from support.console_app import ConsoleApp
from support.migrating import migrate

SECRET = "a secret of the tests"


@contextmanager
def keeping(console: ConsoleApp, directory: Path, secret: str | None = SECRET) -> Iterator[Suppression]:
    """Keep addresses in a database of its own, and answer the console's questions."""
    engine = database.create(f"sqlite:///{directory}/suppressed.db")
    migrate(engine, MIGRATIONS)
    kept = Suppression(AddressKey(secret) if secret else None, SuppressionTable(engine))
    console.broker.serve(NOTIFY_QUERIES, methods(kept, lambda: datetime.now(UTC)))
    yield kept
    engine.dispose()
