"""Row 24: the gateway has 64 file descriptors, or no memory left: 503 or no answer, then it recovers by itself."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from support.faulty.of_services import Starved
from support.faulty.stage import StartStage
from support.ledger_client import FIELDS, Load, LoadClient
from support.polling import eventually

FILES = 64
HEADROOM_BYTES = 8 * 1024 * 1024
HEAVY = Load(200, seed=24, form="contact", connections=100, give_up_s=0, fields={**FIELDS, "message": "x" * 4500})


def test_row_24_few_file_descriptors(start_stage: StartStage) -> None:
    stage = start_stage()
    host, port = stage.installation.gateway_url.removeprefix("http://").split(":")
    load = stage.load()
    stage.await_more_acked(75)
    gateway = stage.installation.gateway
    starved = Starved(gateway, "files", FILES)
    with ExitStack() as crowd, stage.harmed(starved):
        for _ in range(4 * FILES):
            crowd.enter_context(socket.create_connection((host, int(port)), timeout=5))
        eventually(starved.has_no_file_left, 10, "vacuous: a connection more could come in")
        answered = len(stage.trial.ledger.attempts())
        stage.hold(8.0)
        suffered = sum(each.status != 202 for each in stage.trial.ledger.attempts()[answered:])
        crowd.close()
        stage.trial.await_return()
        stage.await_more_acked(75)
    stage.end(load)
    stage.row.note({"unanswered or 503 meanwhile": suffered})
    stage.conclude()
    assert "Traceback" not in gateway.log.read_text(), "something in it did not survive"


def test_row_24_a_memory_cap(start_stage: StartStage) -> None:
    stage = start_stage()
    load = stage.load()
    stage.await_more_acked(75)
    with stage.harmed(Starved(stage.installation.gateway, "memory", HEADROOM_BYTES)):
        crowd = LoadClient(stage.installation.gateway_url, HEAVY, stage.trial.ledger)
        crowd.run(timeout_s=60)
        suffered = sum(each.status != 202 for each in stage.trial.ledger.attempts())
    assert suffered, "vacuous: there was memory enough"
    stage.trial.await_return()
    stage.await_more_acked(75)
    stage.end(load)
    stage.conclude()
    statuses = {attempt.status for attempt in stage.trial.ledger.attempts()}
    assert statuses <= {0, 202, 503}, f"other answers than promised: {statuses}"
