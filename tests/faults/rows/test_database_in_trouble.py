"""Row 16: a table lock, a read-only database, no free connection, a full disk: held, then resumed; heartbeats go on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.faulty.fault import Fault
from support.faulty.of_the_database import ConnectionsTaken, TableLocked, disk_full, read_only
from support.faulty.stage import GIVEN_BACK_MOST, Stage, StartStage
from support.polling import eventually

TROUBLES: dict[str, Callable[[Stage], Fault]] = {
    "table lock": lambda stage: TableLocked(stage.database_url),
    "read-only": lambda stage: read_only(stage.postgres, stage.database_url),
    "max_connections": lambda stage: ConnectionsTaken(stage.postgres, stage.database_url),
    "disk full": lambda stage: disk_full(stage.postgres, stage.database_url),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_row_16_held_then_resumed(start_stage: StartStage, trouble: str) -> None:
    stage = start_stage()
    load = stage.load()
    stage.await_more_acked(75)
    with stage.harmed(TROUBLES[trouble](stage)):
        for replicas in (stage.installation.storage, stage.installation.notify):
            eventually(
                lambda: any('"holding"' in service.log.read_text() for service in replicas),  # noqa: B023
                60,
                f"vacuous: nobody holds\n{replicas[0].tail(10)}",
            )
        stage.await_more_acked(75)
        stage.hold(25.0)  # more than two heartbeats
    stage.await_more_acked(75)
    stage.end(load)
    stage.conclude(stage.sent_unrecorded(), timeout_s=120)
    assert stage.scraped.total("broker_reconnects") == 0, "a heartbeat was missed"
    given_back = stage.scraped.total("messages_redelivered")
    assert given_back < GIVEN_BACK_MOST, "what was held was given back, and so charged"
