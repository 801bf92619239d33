"""What Alembic runs: on the connection it is given, or, by its own command line, on the configured database."""

from alembic import context

from notify_service import settings
from notify_service.tables import MIGRATIONS
from shared import database

given = context.config.attributes.get("connection")
if given is not None:
    MIGRATIONS.run(given)
else:
    with database.create(settings.load_for_command().database_url).begin() as connection:
        MIGRATIONS.run(connection)
