"""A whole installation tells an owner of several submissions in one mail an hour, and of nothing in none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import Connection, func, select, update

from dev.broker import Broker
from dev.mail_sink import MailSink
from notify_service.tables import DIGESTS, deliveries
from shared import database
from support.digested import html, plain
from support.installation import Installation
from support.metrics import scrape
from support.polling import eventually
from support.signed_in import SignedIn

PUBLIC = "https://forms.example.org"
BUSY, CALM = "busy@example.org", "calm@example.org"
FORM = """
[forms.{name}]
title = "{title}"
confirmation.enabled = false
owner = {{to = ["{to}"], digest = "hourly"}}
"""
FORMS = FORM.format(name="orders", title="Orders", to=BUSY) + FORM.format(name="visits", title="Visits", to=CALM)
LAST_MINUTE = 58
"""From then on the next hour is waited for: one that ends while they come in would tell of them in two mails."""


@pytest.fixture
def sink(server_directory: Path) -> Iterator[MailSink]:
    with MailSink(server_directory / "digests-mail") as made:
        yield made


@pytest.fixture
def installation(server_directory: Path, rabbitmq: Broker, sink: MailSink) -> Iterator[Installation]:
    forms, broker_url = server_directory / "digests.toml", rabbitmq.fresh_vhost()
    forms.write_text(FORMS)
    special = {"notify": {"COUNTERFOIL_PUBLIC_URL": PUBLIC}}
    place = server_directory / "digests"
    with Installation(
        place, consoles=1, broker_url=broker_url, smtp_url=sink.url, forms=forms, special=special
    ) as made:
        yield made


@contextmanager
def notify_database(installation: Installation) -> Iterator[Connection]:
    engine = database.create(installation.database_urls["notify"])
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def submit(installation: Installation, form: str, *names: str) -> list[str]:
    """Submit one for each name, and return their ids, once all of them wait for the hour."""
    url, ids = f"{installation.gateway_url}/f/{form}", list[str]()
    for name in names:
        answer = requests.post(url, json={"name": name, "message": f"{name} was here"}, timeout=10)
        assert answer.status_code == 202, answer.text
        ids.append(answer.json()["id"])

    def waiting() -> bool:
        with notify_database(installation) as connection:
            held = select(func.count()).where(deliveries.c.form == form, deliveries.c.state == "held")
            return connection.scalar(held) == len(names)

    eventually(waiting, 30, f"{form}: they wait")
    return ids


def end_the_hour(installation: Installation) -> None:
    """Let what waits be due now; it was to be at the end of this hour."""
    now = datetime.now(UTC)
    with notify_database(installation) as connection:
        due = connection.scalars(select(DIGESTS.items.c.due_at)).all()
        assert {(one.minute, one.second, now < one < now + timedelta(hours=1)) for one in due} == {(0, 0, True)}
        connection.execute(update(DIGESTS.items).values(due_at=now))


def mails(sink: MailSink, to: str, count: int) -> list[EmailMessage]:
    """Return all mails to an owner, once there are so many."""

    def found() -> list[EmailMessage]:
        return [mail for mail in sink.messages() if mail["X-Envelope-To"] == to]

    return eventually(lambda: seen if len(seen := found()) >= count else [], 60, f"{count} mails to {to}")


def test_several_are_told_in_one_mail_and_nothing_in_none(installation: Installation, sink: MailSink) -> None:
    eventually(lambda: datetime.now(UTC).minute < LAST_MINUTE, 130, "the hour is not about to end")
    names = ("Ada", "Grace", "Edith")
    ids = submit(installation, "orders", *names)
    assert sink.messages() == [], "nobody is told before the hour is over"
    assert measured(installation, "counterfoil_digests_total", kind="digest") == 0
    waiting = {"form": "orders", "because": "digest"}
    eventually(lambda: measured(installation, "counterfoil_owner_mails_waiting", **waiting) == 3, 60, "it is measured")
    end_the_hour(installation)
    [mail] = mails(sink, BUSY, 1)
    assert mail["Subject"] == "Orders: 3 new submissions"
    for name, one in zip(names, ids, strict=True):
        link = f"{PUBLIC}/console/submissions/{one}"
        said = plain(mail).splitlines()
        assert said[said.index(f"{name}: {name} was here") + 2] == f"  {link}"
        assert f'href="{link}"' in unescape(html(mail))
    opens_in_the_console(installation, mail, names)

    submit(installation, "visits", "Hedy")
    end_the_hour(installation)
    [mail] = mails(sink, CALM, 1)
    assert mail["Subject"] == "Visits: one new submission"
    assert len(mails(sink, BUSY, 1)) == 1, "an hour in which nothing came brings no mail"
    sent = {"kind": "digest", "outcome": "sent"}
    eventually(lambda: measured(installation, "counterfoil_digests_total", **sent) == 2, 30, "both are counted")


def measured(installation: Installation, name: str, **labels: str) -> float:
    return scrape(installation.metrics_urls["notify-0"]).value(name, **labels)


def opens_in_the_console(installation: Installation, mail: EmailMessage, names: tuple[str, ...]) -> None:
    owner = SignedIn(installation.gateway_url)
    owner.begin(installation.invite(BUSY, "owner"), BUSY)
    links = re.findall(r"^  (https://\S+)\r?$", plain(mail), re.MULTILINE)
    assert len(links) == len(names)
    for name, link in zip(names, links, strict=True):
        page = owner.get(urlsplit(link).path)
        assert (page.status_code, f"{name} was here" in page.text) == (200, True), link
