"""Rows 5 and 6: a memory or disk alarm blocks who publishes. Consumers go on, which is what ends such an alarm."""

from __future__ import annotations

from collections.abc import Sequence

from shared.messaging.topology import NOTIFY_SUBMISSIONS
from support.faulty.backlog import fill_storage_queue
from support.faulty.of_the_broker import disk_alarm, memory_alarm
from support.faulty.stage import Stage, StartStage
from support.polling import eventually
from support.service import Service

BACKLOG = 20_000


def restart_storage(stage: Stage) -> None:
    restart(stage.installation.storage)


def stop_storage(stage: Stage) -> None:
    stop(stage, stage.installation.storage)


def restart(services: Sequence[Service]) -> None:
    for service in services:
        service.start()


def stop(stage: Stage, services: Sequence[Service]) -> None:
    stage.scraped.note()
    assert [service.stop() for service in services] == [0, 0]


def test_row_5_memory_alarm(start_stage: StartStage) -> None:
    stage = start_stage()
    stop_storage(stage)
    load = stage.load()
    stage.await_more_acked(200)
    with stage.harmed(memory_alarm(stage.broker)):
        stage.await_refused(20)
        waiting = stage.trial.ledger.count("acked")
        restart_storage(stage)
        eventually(lambda: stage.trial.stored() >= waiting, 60, "consumers drain under the alarm")
    stage.trial.await_return()
    stage.await_more_acked(50)
    stage.end(load)
    stage.row.note({"drained under the alarm": waiting})
    stage.conclude()


def test_row_6_disk_alarm_over_a_backlog(start_stage: StartStage) -> None:
    stage = start_stage()
    stop_storage(stage)
    fill_storage_queue(stage, BACKLOG)
    load = stage.load()
    stage.await_more_acked(50)
    with stage.harmed(disk_alarm(stage.broker)):
        stage.await_refused(20)
        restart_storage(stage)
        eventually(lambda: stage.trial.stored() >= BACKLOG, 120, "the backlog drains under the alarm")
    stage.trial.await_return()
    stage.await_more_acked(50)
    stage.end(load)
    stage.row.note({"drained under the alarm": BACKLOG})
    stage.conclude(timeout_s=120)


def test_row_6_disk_alarm_over_the_backlog_of_notify(start_stage: StartStage) -> None:
    stage = start_stage()
    stop(stage, stage.installation.notify)
    load = stage.load()
    stage.await_more_acked(500)
    with stage.harmed(disk_alarm(stage.broker)):
        stage.await_refused(20)
        waiting = stage.trial.ledger.count("acked")
        assert stage.queues.depth(NOTIFY_SUBMISSIONS.name) >= waiting
        restart(stage.installation.notify)
        eventually(lambda: stage.trial.mailed() >= waiting, 120, "notify mails its backlog under the alarm")
        eventually(lambda: not stage.queues.depth(NOTIFY_SUBMISSIONS.name), 60, "and nothing of it waits")
    stage.trial.await_return()
    stage.await_more_acked(50)
    stage.end(load)
    stage.row.note({"mailed under the alarm": waiting})
    stage.conclude(timeout_s=120)
