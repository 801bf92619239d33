"""Owners ask at the gateway, of consoles that come and go, while strangers submit."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import text

from dev.broker import Broker
from dev.mail_sink import MailSink
from dev.postgres import Postgres
from shared import database
from storage_service.accounts.keys import Keys
from support.installation import Installation
from support.polling import eventually

ROWS = 60_000
"""More than lies in the buffers between a console and a reader."""

MANY = """
INSERT INTO submissions (id, form, accepted_at, stored_at, fields, fingerprint, source, control)
SELECT CAST(md5('many' || i) AS uuid), 'signup', now(), now(), CAST('{"name": "Ada Lovelace"}' AS json),
    repeat('0', 64), CAST('{}' AS json), CAST('{}' AS json)
FROM generate_series(1, :rows) AS i
"""

GOOD = {"name": "Ada Lovelace", "email": "ada@example.org"}


@pytest.fixture(scope="module")
def postgres_of_consoles(server_directory: Path) -> Iterator[Postgres]:
    with Postgres(server_directory / "postgres-of-consoles") as server:
        yield server


@pytest.fixture(scope="module")
def installation(server_directory: Path, rabbitmq: Broker, postgres_of_consoles: Postgres) -> Iterator[Installation]:
    place, broker_url = server_directory / "consoles", rabbitmq.fresh_vhost()
    url = postgres_of_consoles.create_database("consoles")
    with (
        MailSink(place / "mail") as sink,
        Installation(place, consoles=2, broker_url=broker_url, smtp_url=sink.url, database_url=url) as running,
    ):
        yield running


def asked(installation: Installation, path: str = "/v1/forms/signup/submissions?limit=1") -> int:
    headers = {"Authorization": f"Bearer {installation.api_key}"}
    return requests.get(installation.gateway_url + path, headers=headers, timeout=40).status_code


def submitted(installation: Installation) -> int:
    return requests.post(f"{installation.gateway_url}/f/signup", json=GOOD, timeout=10).status_code


@pytest.fixture
def restarted(installation: Installation) -> Iterator[None]:
    """Consoles that a test has killed run again after it, whatever came of it."""
    yield
    for console in installation.consoles:
        if not console.is_running():
            console.start()
    installation.await_ready()


@pytest.mark.usefixtures("restarted")
@pytest.mark.parametrize("number", [0, 1])
def test_the_other_console_answers_while_one_is_killed(installation: Installation, number: int) -> None:
    statuses: Counter[int] = Counter()
    ended = threading.Event()

    def keep_asking() -> None:
        while not ended.is_set():
            statuses[asked(installation)] += 1

    owners = [threading.Thread(target=keep_asking) for _ in range(4)]
    for owner in owners:
        owner.start()
    time.sleep(1)
    before = statuses.total()
    installation.consoles[number].kill()
    eventually(lambda: statuses.total() > before + 20, 20, "they go on")
    ended.set()
    for owner in owners:
        owner.join()
    assert set(statuses) == {200}, statuses
    assert submitted(installation) == 202


@pytest.mark.usefixtures("restarted")
def test_an_export_that_breaks_off_does_not_look_complete(installation: Installation) -> None:
    engine = database.create(installation.database_urls["storage"])
    with engine.begin() as connection:
        connection.execute(text(MANY), {"rows": ROWS})
    key = Keys(engine).add("exporter", ["export"], None, None)
    engine.dispose()
    url, headers = f"{installation.gateway_url}/v1/export?format=csv", {"Authorization": f"Bearer {key}"}
    with requests.get(url, headers=headers, stream=True, timeout=40) as answer:
        assert answer.status_code == 200, answer.text
        assert int(answer.headers["X-Rows-Expected"]) >= ROWS
        pieces = answer.iter_content(1000)
        assert next(pieces)
        for console in installation.consoles:
            console.kill()
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(pieces)


@pytest.mark.usefixtures("restarted")
def test_without_a_console_strangers_submit_as_ever(installation: Installation) -> None:
    for console in installation.consoles:
        console.kill()
    assert asked(installation) == 503
    assert submitted(installation) == 202
    for console in installation.consoles:
        console.start()
    installation.await_ready()
    assert asked(installation) == 200


def test_without_the_database_owners_wait_and_strangers_do_not(
    installation: Installation, postgres_of_consoles: Postgres
) -> None:
    postgres_of_consoles.kill()
    assert asked(installation) == 503
    answers = [submitted(installation) for _ in range(5)]
    assert answers == [202] * 5
    postgres_of_consoles.start()
    eventually(lambda: asked(installation) == 200, 60, "owners are answered by themselves")
