"""Row 4: the broker stands still for 40 s, its connections open: longer than a heartbeat, and than any deadline."""

from __future__ import annotations

from support.faulty.of_the_broker import BrokerFrozen
from support.faulty.stage import StartStage

FROZEN_S = 40.0


def test_row_4_the_broker_is_frozen(start_stage: StartStage) -> None:
    stage = start_stage()
    load = stage.load()
    stage.await_more_acked(100)
    with stage.harmed(BrokerFrozen(stage.broker)):
        stage.await_refused(20)
        stage.hold(FROZEN_S)
    stage.trial.await_return()
    stage.await_more_acked(100)
    stage.end(load)
    stage.conclude(timeout_s=120)
    assert stage.scraped.total("broker_reconnects") > 0, "vacuous: everybody waited for it"
