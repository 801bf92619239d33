"""Row 14: PostgreSQL is away for longer than any timeout while people submit; nothing is charged to a message."""

from __future__ import annotations

from collections import Counter

from shared.messaging.topology import NOTIFY_SUBMISSIONS, STORAGE
from support.faulty.of_the_database import DatabaseAway
from support.faulty.stage import GIVEN_BACK_MOST, StartStage

AWAY_S = 40.0


def test_row_14_postgresql_is_away(start_stage: StartStage) -> None:
    stage = start_stage()
    load = stage.load()
    stage.await_more_acked(75)
    services = [*stage.installation.storage, *stage.installation.notify]
    with stage.harmed(DatabaseAway(stage.postgres)):
        stage.await_more_acked(300)
        stage.hold(AWAY_S)
        stage.scraped.note()
        held = stage.scraped.peak("consumers_holding")
        stage.end(load)
        assert [service.stop() for service in services] == [0] * len(services), "who holds ends in order"
        returns = [
            int(str((properties.headers or {}).get("x-delivery-count", 0)))
            for queue in (STORAGE.name, NOTIFY_SUBMISSIONS.name)
            for _, properties in stage.queues.peek(queue)
        ]
    assert len(returns) >= 300, "vacuous: nothing was held"
    times = Counter(returns)
    charged = times.total() - times[0] - times[1]  # the stop charges one return to what was held
    assert charged < GIVEN_BACK_MOST, f"the absence of the database was charged: messages by their returns: {times}"
    assert held, "nobody says that it holds"
    for service in services:
        service.start()
    stage.installation.await_ready()
    stage.row.note({"messages held": len(returns), "returned more than once": charged})
    stage.conclude(stage.sent_unrecorded(), timeout_s=120)
