"""What the rows of the table of faults share: servers to harm, stages, and the table of what each row counted."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom

import pytest

from dev.broker import Broker
from dev.mail_sink import MailSink
from dev.postgres import Postgres
from support.faulty.stage import Stage, StartStage, Tie
from support.faulty.table import Row, Table
from support.mailbox import Mailbox
from support.service import ROOT

TABLE = ROOT / ".run" / "faults.json"
_PASSED = pytest.StashKey[bool]()
_TABLE = pytest.StashKey[Table]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep whether a test passed, for the table."""
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what each row counted, and write it as JSON."""
    rows = config.stash.get(_TABLE, None)
    if rows is not None:
        rows.write(TABLE)
        terminalreporter.section(f"RabbitMQ {rows.broker}; the same as JSON: {TABLE.relative_to(ROOT)}")
        for line in rows.lines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def table(pytestconfig: pytest.Config) -> Table:
    """What each row counts."""
    return pytestconfig.stash.setdefault(_TABLE, Table())


@pytest.fixture
def row(request: pytest.FixtureRequest, table: Table, rabbitmq: Broker) -> Iterator[Row]:
    """The line of this test in the table; `SEED` in the environment repeats what it did."""
    table.broker = table.broker or rabbitmq.ctl("version").strip()
    line = Row(request.node.name.removeprefix("test_"), int(os.environ.get("SEED") or SystemRandom().randrange(10**6)))
    table.rows.append(line)
    yield line
    line.finish(passed=request.node.stash.get(_PASSED, False))


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
                replicas=replicas,
                started=started,
            )
            return running.enter_context(stage)

        yield start
