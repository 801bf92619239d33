"""One whole installation for all end-to-end tests: they submit to different addresses and so do not meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.installation import Installation
from support.visitor import Visitor


@pytest.fixture(scope="session")
def whole_sink(server_directory: Path) -> Iterator[MailSink]:
    """The mail server of the whole installation."""
    with MailSink(server_directory / "e2e-mail") as sink:
        yield sink


@pytest.fixture(scope="session")
def whole(server_directory: Path, rabbitmq: Broker, whole_sink: MailSink) -> Iterator[Installation]:
    """Gateway, storage and notify as processes, on SQLite."""
    place = server_directory / "e2e"
    with Installation(place, broker_url=rabbitmq.fresh_vhost(), smtp_url=whole_sink.url) as installation:
        yield installation


@pytest.fixture
def visitor(whole: Installation, whole_sink: MailSink, request: pytest.FixtureRequest) -> Visitor:
    """Somebody with an address of their own who submits the form."""
    return Visitor(whole, whole_sink, f"ada+{crc32(request.node.nodeid.encode())}@example.org")
