"""Gives the services one way to use SQLite and PostgreSQL: engines, errors and migrations.

Installed with the extra `counterfoil-shared[database]`: the gateway has no database.
"""

from shared.database.command import USAGE, migrate
from shared.database.engines import Pool, create, reading
from shared.database.failures import classified
from shared.database.leases import Lease
from shared.database.losses import lost_rows
from shared.database.migrations import MigrationFailed, Migrations
from shared.database.outbox import Outbox
from shared.database.outbox_publisher import OutboxPublisher
from shared.database.timestamps import UtcTimestamp, iso
from shared.database.urls import database_url

__all__ = [
    "USAGE",
    "Lease",
    "MigrationFailed",
    "Migrations",
    "Outbox",
    "OutboxPublisher",
    "Pool",
    "UtcTimestamp",
    "classified",
    "create",
    "database_url",
    "iso",
    "lost_rows",
    "migrate",
    "reading",
]
