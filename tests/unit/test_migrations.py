"""The revisions that a service knows without Alembic are those that Alembic knows."""

from __future__ import annotations

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

import notify_service.tables
import storage_service.tables
from shared.database import Migrations


@pytest.mark.parametrize("migrations", [storage_service.tables.MIGRATIONS, notify_service.tables.MIGRATIONS])
def test_each_file_is_called_by_its_revision_and_they_follow_each_other(migrations: Migrations) -> None:
    config = Config()
    config.set_main_option("script_location", migrations.location)
    scripts = [*ScriptDirectory.from_config(config).walk_revisions()]
    assert [one.revision for one in scripts] == sorted(migrations.known(), reverse=True)
    assert [one.down_revision for one in scripts] == [*(one.revision for one in scripts[1:]), None]
