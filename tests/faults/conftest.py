"""What the fault tests share: trials, and the table of what each row counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.faulty.table import line_of, rows_of, write
from support.installation import Installation
from support.ledger_trial import AnyBroker, StartTrial, Trial, sqlite_of, vhost_of
from support.registry import await_written_down
from support.service import ROOT

TABLE = ROOT / ".run" / "faults.json"

SHORT_LEASE = {"COUNTERFOIL_SMTP_TIMEOUT_S": "2"}
"""A mail's lease outlives its time limit by a quarter of a minute, and whoever comes second waits for its end."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what each row counted, and write it as JSON."""
    reports = (each for kind in terminalreporter.stats.values() for each in kind)
    rows = rows_of(each for each in reports if isinstance(each, pytest.TestReport))
    if rows:
        write(rows, TABLE)
        terminalreporter.section(f"RabbitMQ {rows[0]['broker']}; the same as JSON: {TABLE.relative_to(ROOT)}")
        for row in rows:
            terminalreporter.write_line(line_of(row))


@pytest.fixture
def start_trial(tmp_path: Path, mail_sink: MailSink) -> Iterator[StartTrial]:
    """Start an installation on a broker and return a trial of it; further arguments go to `Installation`."""
    with ExitStack() as running:

        def start(
            broker: AnyBroker,
            *,
            database_url: str | None = None,
            replicas: int = 1,
            workers: int = 1,
            settings: dict[str, str] | None = None,
        ) -> Trial:
            place, broker_url = tmp_path / "installation", broker.fresh_vhost()
            installation = Installation(
                place,
                broker_url=broker_url,
                smtp_url=mail_sink.url,
                database_url=database_url,
                replicas=replicas,
                workers=workers,
                settings=SHORT_LEASE | (settings or {}),
            )
            running.enter_context(installation)
            if isinstance(broker, Broker):
                await_written_down(broker, broker_url)
            return Trial(broker, vhost_of(broker_url), installation, mail_sink, database_url or sqlite_of(place))

        yield start
