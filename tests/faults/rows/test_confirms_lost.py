"""Row 7: a proxy drops what the broker says to the gateway: the confirms are lost, what was published is not."""

from __future__ import annotations

from support.faulty.of_the_network import blackhole
from support.faulty.stage import StartStage


def test_row_7_confirms_are_lost(start_stage: StartStage) -> None:
    stage = start_stage(through=["gateway-broker"])
    load = stage.load()
    stage.await_more_acked(100)
    for _ in range(2):
        with stage.harmed(blackhole(stage.proxies["gateway-broker"], "to client")):
            stage.await_refused(20)
        stage.trial.await_return()
        stage.await_more_acked(100)
    stage.end(load)
    stage.conclude()
    assert stage.scraped.total("submissions_repeated") > 0, "vacuous: no conflict was absorbed"
