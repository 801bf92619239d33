"""A gateway that dies between the broker's confirm and its page: who presses again is told, and it is one press."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from shared.contracts import SubmissionOptedIn, decode
from shared.links.opt_in import LINK_GOOD_FOR, OptInLink, recipient_of
from shared.messaging.topology import STORAGE_OPT_INS
from support.gateway_server import Server
from support.opt_in import link_path
from support.polling import eventually
from support.queues import Queues

NOW = datetime.now(UTC)
LINK = OptInLink(uuid4(), "signup", NOW, NOW + LINK_GOOD_FOR, recipient_of("ada@example.org"))


@pytest.fixture
def server(tmp_path: Path, broker_url: str) -> Iterator[Server]:
    server = Server(tmp_path, broker_url)
    yield server
    if server.is_running():
        server.kill()


def press(server: Server) -> int:
    return requests.post(server.url + link_path(LINK), headers={"User-Agent": "Test/1"}, timeout=10).status_code


def test_pressing_again_says_the_same(server: Server, broker_url: str) -> None:
    queues = Queues(broker_url)
    server.start(COUNTERFOIL_FAILPOINT="after-confirm")
    server.await_ready()
    with pytest.raises(requests.ConnectionError):
        press(server)
    eventually(lambda: queues.depth(STORAGE_OPT_INS.name) == 1, 30, "what was published is on the queue")
    server.kill()
    server.start()
    server.await_ready()
    assert press(server) == 202
    found = queues.peek(STORAGE_OPT_INS.name)
    first, second = (decode(body, type=SubmissionOptedIn.TYPE, types=(SubmissionOptedIn,)) for body, _ in found)
    assert replace(second, at=first.at) == first
    assert first.at < second.at
