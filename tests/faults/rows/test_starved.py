"""Row 24: the gateway has 64 file descriptors, or no memory left: 503 or no answer, then it recovers by itself."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import requests

from counterfoil_ledger.load import ANSWER_LIMIT_S
from support.faulty.of_services import Starved
from support.faulty.stage import StartStage
from support.ledger_client import FIELDS, Load, LoadClient
from support.polling import eventually

FILES = 64
SENDERS = 8
"""Even all of them at one worker, which has 53 files open for itself, leave one for whoever is new."""
HEADROOM_BYTES = 8 * 1024 * 1024
HEAVY = Load(200, seed=24, form="contact", connections=100, give_up_s=0, fields={**FIELDS, "message": "x" * 4500})


def is_served(url: str) -> bool:
    """Say whether the gateway answers on a new connection."""
    try:
        return requests.get(f"{url}/livez", timeout=2).ok
    except requests.RequestException:
        return False


def test_row_24_few_file_descriptors(start_stage: StartStage) -> None:
    stage = start_stage()
    host, port = stage.installation.gateway_url.removeprefix("http://").split(":")
    load = stage.load(connections=SENDERS)
    stage.await_more_acked(75)
    gateway = stage.installation.gateway
    starved = Starved(gateway, "files", FILES)
    with ExitStack() as crowd, stage.harmed(starved):
        for _ in range(4 * FILES):
            crowd.enter_context(socket.create_connection((host, int(port)), timeout=5))
        eventually(starved.has_no_file_left, 20, "vacuous: there were files enough")
        stage.hold(8.0)  # whoever looks after connections there does so more than once
        assert not is_served(stage.installation.gateway_url), "vacuous: whoever is new is served"
        crowd.close()
        stage.trial.await_return()
        stage.await_more_acked(75)
        eventually(lambda: is_served(stage.installation.gateway_url), 30, "whoever is new is served again")
    stage.end(load)
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
    stage.row.note({"unanswered or 503 meanwhile": suffered})
    stage.conclude(answer_limit_s=ANSWER_LIMIT_S + 1)  # a server without memory may leave a request hanging
    statuses = {attempt.status for attempt in stage.trial.ledger.attempts()}
    assert statuses <= {0, 202, 503}, f"other answers than promised: {statuses}"
