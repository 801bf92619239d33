"""Runs the migrations when Alembic asks, on the given connection or on the configured database."""

from alembic import context

from shared import database
from storage_service import settings
from storage_service.tables import MIGRATIONS

given = context.config.attributes.get("connection")
if given is not None:
    MIGRATIONS.run(given)
else:
    with database.create(settings.load(with_broker=False).database_url).begin() as connection:
        MIGRATIONS.run(connection)
