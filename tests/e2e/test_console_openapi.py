"""The console's OpenAPI document is true: schemathesis finds no undocumented answer, and no fault of the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dev.broker import Broker
from dev.mail_sink import MailSink
from shared import database
from storage_service.accounts.asker import SCOPES
from storage_service.accounts.keys import Keys
from support.events import an_event
from support.fuzzed import checked
from support.installation import Installation
from support.submission_databases import store

SECONDS = (20, 60, 120)
"""How long it looks; longer only where the machine is so slow that it has come to no answer at all."""

SEED = 20261129


@pytest.fixture
def installation(server_directory: Path, rabbitmq: Broker) -> Iterator[Installation]:
    place = server_directory / "console-openapi"
    place.mkdir()
    with (
        MailSink(place / "mail") as sink,
        Installation(place, broker_url=rabbitmq.fresh_vhost(), smtp_url=sink.url, consoles=1) as running,
    ):
        yield running


def test_every_answer_is_as_described(installation: Installation) -> None:
    engine = database.create(installation.database_urls["storage"])
    key = Keys(engine).add("fuzz", SCOPES, None, None)
    store(engine, *(an_event(name=f"somebody {i}", topic="a fault") for i in range(60)))
    store(engine, replace(an_event(form="contact", name="bad"), spam="honeypot"))
    engine.dispose()
    document = f"{installation.console_urls[0]}/v1/openapi.json"
    for seconds in SECONDS:
        done = checked(document, key, installation.directory, seed=SEED, seconds=seconds)
        assert done.returncode == 0, done.stdout
        if " passed" in done.stdout:
            break
    else:
        raise AssertionError(done.stdout)
    assert '"level": "error"' not in installation.consoles[0].log.read_text()
