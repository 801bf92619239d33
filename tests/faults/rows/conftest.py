"""What the rows of the table of faults share: servers to harm, stages, and the line of each in the table."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom

import pytest

from dev.broker import Broker
from dev.mail_sink import MailSink
from dev.postgres import Postgres
from support.faulty.stage import Stage, StartStage, Tie
from support.faulty.table import Row
from support.installation import EXAMPLE_FORMS
from support.mailbox import Mailbox


@pytest.fixture
def row(request: pytest.FixtureRequest, rabbitmq_version: str) -> Iterator[Row]:
    """The line of this test in the table; `SEED` in the environment repeats what it did."""
    seed = int(os.environ.get("SEED") or SystemRandom().randrange(10**6))
    line = Row(request.node.name.removeprefix("test_"), rabbitmq_version, seed)
    yield line
    request.node.user_properties.append(("row", line.told()))


@pytest.fixture(scope="session")
def rabbitmq_version(mortal_broker: Broker) -> str:
    """Which RabbitMQ is harmed."""
    return mortal_broker.ctl("version").strip()


@pytest.fixture(scope="session")
def mortal_postgres(server_directory: Path) -> Iterator[Postgres]:
    """A PostgreSQL server that tests harm, one test at a time."""
    with Postgres(server_directory / "mortal-postgres") as server:
        yield server


@pytest.fixture
def start_stage(
    tmp_path: Path, mortal_broker: Broker, mortal_postgres: Postgres, mail_sink: MailSink, row: Row
) -> Iterator[StartStage]:
    """Start a stage for this test, and end it however the test ends."""
    with ExitStack() as running:

        def start(
            *,
            through: Collection[Tie] = (),
            settings: Mapping[str, str] | None = None,
            special: Mapping[str, Mapping[str, str]] | None = None,
            mailbox: Mailbox | None = None,
            forms: Path = EXAMPLE_FORMS,
            replicas: int = 2,
            started: bool = True,
        ) -> Stage:
            stage = Stage(
                tmp_path / "installation",
                mortal_broker,
                mortal_postgres,
                mailbox or mail_sink,
                row,
                through=through,
                settings=settings or {},
                special=special or {},
                forms=forms,
                replicas=replicas,
                started=started,
            )
            return running.enter_context(stage)

        yield start
