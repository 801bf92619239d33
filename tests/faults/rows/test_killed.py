"""Rows 1, 3 and 11: a gateway worker, the broker, and storage are killed under load."""

from __future__ import annotations

import pytest

from shared.messaging.topology import STORAGE
from support.faulty.of_services import WorkerKilled
from support.faulty.of_the_broker import BrokerKilled
from support.faulty.stage import StartStage
from support.polling import eventually

KILLED = 137


def test_row_1_gateway_workers_are_killed(start_stage: StartStage) -> None:
    stage = start_stage()
    load = stage.load()
    fault = WorkerKilled(stage.installation.gateway, stage.row.seed)
    for _ in range(3):
        stage.await_more_acked(75)
        fault.inject()
        fault.heal()
        stage.trial.await_return()
    stage.await_more_acked(75)
    stage.end(load)
    stage.row.add(fault.evidence())
    assert stage.conclude().counts["no answer"] > 0, "vacuous: no request was under way"


def test_row_3_the_broker_is_killed_five_times(start_stage: StartStage) -> None:
    stage = start_stage()
    load = stage.load()
    fault = BrokerKilled(stage.broker)
    for _ in range(5):
        stage.await_more_acked(75)
        with stage.harmed(fault):
            stage.await_refused(5)
        stage.trial.await_return()
    stage.await_more_acked(75)
    stage.end(load)
    stage.row.note({"broker kills": fault.kills})
    stage.conclude(timeout_s=120)
    assert stage.scraped.total("broker_reconnects") > 0, "vacuous: no connection was lost"


@pytest.mark.parametrize("failpoint", ["before-commit", "after-commit"])
def test_row_11_storage_dies_over_a_batch(start_stage: StartStage, failpoint: str) -> None:
    stage = start_stage()
    dying, other = stage.installation.storage
    assert [dying.stop(), other.stop()] == [0, 0]
    load = stage.load()
    eventually(lambda: stage.queues.depth(STORAGE.name) >= 100, 60, "a backlog")
    for _ in range(3):
        dying.start(COUNTERFOIL_FAILPOINT=failpoint)
        assert dying.wait(timeout_s=60) == KILLED, f"vacuous: it did not die {failpoint}"
    stored = stage.trial.stored()
    assert (stored > 0) == (failpoint == "after-commit"), f"vacuous: it died elsewhere, {stored} rows are stored"
    for service in (dying, other):
        service.start()
    stage.await_more_acked(75)
    stage.end(load)
    stage.row.note({"deaths": 3})
    stage.conclude()
    assert stage.scraped.total("messages_redelivered") > 0, "vacuous: nothing came again"
