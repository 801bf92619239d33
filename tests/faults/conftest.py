"""What the kill tests share: a broker of their own to kill, and trials."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dev.mail_sink import MailSink
from support.installation import Installation
from support.ledger_trial import AnyBroker, StartTrial, Trial, sqlite_of, vhost_of

SHORT_LEASE = {"COUNTERFOIL_SMTP_TIMEOUT_S": "1"}
"""A mail's lease outlives its time limit by a quarter of a minute, and whoever comes second waits for its end."""


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
            return Trial(broker, vhost_of(broker_url), installation, mail_sink, database_url or sqlite_of(place))

        yield start
