"""One whole installation for all end-to-end tests: they submit to different addresses and so do not meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.installation import EXAMPLE_FORMS, Installation
from support.visitor import Visitor


@pytest.fixture(scope="session")
def whole_sink(server_directory: Path) -> Iterator[MailSink]:
    """The mail server of the whole installation."""
    with MailSink(server_directory / "e2e-mail") as sink:
        yield sink


@pytest.fixture(scope="session")
def whole(server_directory: Path, rabbitmq: Broker, whole_sink: MailSink) -> Iterator[Installation]:
    """Gateway, storage and notify as processes, on SQLite."""
    place, forms = server_directory / "e2e", server_directory / "e2e.toml"
    repeating = 'subject = "Welcome, {name}"\ntext = "Dear {name},\\n\\nyou have signed up."'
    owners = '\n[forms.contact.owner]\nto = ["owner@example.org", "second@example.org"]\ntimezone = "Europe/Berlin"\n'
    forms.write_text(EXAMPLE_FORMS.read_text().replace('subject = "Welcome"', repeating) + owners)
    smtp_url = whole_sink.url
    with Installation(
        place, consoles=1, broker_url=rabbitmq.fresh_vhost(), smtp_url=smtp_url, forms=forms
    ) as installation:
        yield installation


@pytest.fixture
def visitor(whole: Installation, whole_sink: MailSink, request: pytest.FixtureRequest) -> Visitor:
    """Somebody with an address of their own who submits the form."""
    return Visitor(whole, whole_sink, f"ada+{crc32(request.node.nodeid.encode())}@example.org")
