"""Bounces are read out of a mailbox on a real IMAP server: each told once it is confirmed, and moved only then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid4, uuid5

import pytest
from imapclient.exceptions import IMAPClientError, LoginError
from sqlalchemy import Engine

from dev.dovecot_server import DovecotServer
from notify_service.bounces.mailbox import READ, UNREADABLE, opened
from notify_service.bounces.server import parse_imap_url
from notify_service.tables import MIGRATIONS
from shared import database
from support.bounce_box import BounceBox, Published, Told, running
from support.bounced import DELIVERY, SHAPES, TOKENS, a_bounce
from support.migrating import migrate
from support.polling import eventually
from support.smtp import CERTIFICATE


@pytest.fixture
def box(dovecot: DovecotServer) -> BounceBox:
    return BounceBox(dovecot)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = database.create(f"sqlite:///{tmp_path / 'notify.db'}")
    migrate(made, MIGRATIONS)
    yield made
    made.dispose()


def test_every_shape_is_read_told_and_put_aside(box: BounceBox, engine: Engine) -> None:
    ids = {shape: uuid5(NAMESPACE_DNS, shape) for shape in SHAPES}
    box.put(*(a_bounce(shape, TOKENS.sign(ids[shape])) for shape in SHAPES))
    published, told = Published(), Told()
    with running(box.reader(engine, published, told)):
        eventually(lambda: len(told.outcomes) == len(SHAPES), 30, "all are read")
    assert box.mails() == box.mails(UNREADABLE) == []
    assert len(box.mails(READ)) == len(SHAPES)
    of = {one.delivery_id: one for one in published.events}
    assert len(of) == told.outcomes.count("told") == 21
    assert (of[ids["postfix"]].kind, of[ids["postfix"]].code) == ("hard", "5.1.1")
    assert (of[ids["arf-abuse"]].kind, of[ids["arf-abuse"]].via) == ("complaint", "mailbox")
    assert ids["out-of-office"] not in of


def test_what_cannot_be_read_is_put_aside_and_keeps_nobody_waiting(box: BounceBox, engine: Engine) -> None:
    poison = b"Subject: x\r\n" + b"Content-Type: multipart/mixed\r\n" * 100 + b"\r\n"
    box.put(poison, b"X: " + b"y" * 10_000_000, a_bounce("postfix"))
    published, told = Published(), Told()
    with running(box.reader(engine, published, told)):
        eventually(lambda: len(told.outcomes) == 3, 30, "all are read")
    assert told.outcomes == ["unreadable", "nothing", "told"]
    assert box.mails(UNREADABLE) == [poison]
    assert [one.delivery_id for one in published.events] == [DELIVERY]


def test_a_mail_that_the_server_cannot_give_is_put_aside_and_keeps_nobody_waiting(
    box: BounceBox, engine: Engine
) -> None:
    ids = [uuid5(NAMESPACE_DNS, str(number)) for number in range(4)]
    box.put(*(a_bounce("qmail", TOKENS.sign(one)) for one in ids))
    box.damage(1)
    with pytest.raises(IMAPClientError):
        box.mails()  # so it is as bad as it is meant to be
    published, told = Published(), Told()
    with running(box.reader(engine, published, told)):
        eventually(lambda: len(told.outcomes) == 4, 30, "all are read, or put aside")
    assert [one.delivery_id for one in published.events] == [ids[0], ids[2], ids[3]]
    assert told.outcomes == ["told", "told", "told", "unreadable"]
    assert box.count() == 0
    assert (box.count(READ), box.count(UNREADABLE)) == (3, 1)
    assert not any(told.away)


def test_a_mail_that_cannot_even_be_put_aside_is_passed_over(box: BounceBox, engine: Engine) -> None:
    box.put(a_bounce("postfix"), a_bounce("qmail", TOKENS.sign(NAMESPACE_DNS)))
    box.damage(0)
    published, told = Published(), Told()
    reader = box.reader(engine, published, told)
    with opened(parse_imap_url(box.url)):
        pass  # makes the folders
    box.close(UNREADABLE)
    with running(reader):
        eventually(lambda: told.outcomes == ["told", "unreadable"], 30, "both are done with")
        box.put(a_bounce("sendmail", TOKENS.sign(NAMESPACE_DNS)))
        eventually(lambda: len(told.outcomes) == 3, 30, "what comes later is read")
    assert (told.outcomes[2], box.count()) == ("told", 1)


def _dying(times: int) -> Callable[[str], None]:
    left = [times]

    def reach(_: str) -> None:
        if left[0]:
            left[0] -= 1
            raise RuntimeError("killed")

    return reach


def test_who_dies_before_the_mail_is_moved_tells_it_again_under_the_same_id(box: BounceBox, engine: Engine) -> None:
    box.put(a_bounce("postfix"))
    published, told = Published(), Told()
    with running(box.reader(engine, published, told, _dying(1))):
        eventually(lambda: told.outcomes, 30, "it is read")
    assert len(published.events) == 2
    assert published.events[0].id == published.events[1].id
    assert box.mails() == []


def test_what_the_broker_does_not_confirm_stays_where_it_lies(box: BounceBox, engine: Engine) -> None:
    box.put(a_bounce("postfix"))
    published, told = Published(refusing=2), Told()
    with running(box.reader(engine, published, told)):
        eventually(lambda: told.outcomes, 30, "it is read")
    assert published.refusing == 0
    assert len(published.events) == 1


def test_of_two_replicas_one_reads(box: BounceBox, engine: Engine) -> None:
    box.put(*(a_bounce("qmail", TOKENS.sign(uuid5(NAMESPACE_DNS, str(number)))) for number in range(20)))
    published, told = Published(), Told()
    with running(box.reader(engine, published, told), box.reader(engine, published, told)):
        eventually(lambda: len(told.outcomes) >= 20, 30, "all are read")
    assert len(published.events) == len({one.id for one in published.events}) == 20


def test_a_server_that_is_away_is_told_and_read_once_it_is_back(server_directory: Path, engine: Engine) -> None:
    server = DovecotServer(server_directory / f"dovecot-{uuid4().hex}")
    box, published, told = BounceBox(server), Published(), Told()
    with running(box.reader(engine, published, told)):
        eventually(lambda: True in told.away, 30, "it is away")
        with server:
            box.put(a_bounce("postfix"))
            eventually(lambda: told.outcomes, 30, "it is read")
    assert told.away.index(False) > 0  # before it was away


def test_what_was_read_long_ago_is_forgotten(box: BounceBox, engine: Engine) -> None:
    with opened(parse_imap_url(box.url)):
        pass  # makes the folders
    now = datetime.now(UTC)
    box.put(a_bounce("qmail"), folder=READ, at=now - timedelta(days=40))
    box.put(a_bounce("postfix"), folder=READ, at=now - timedelta(days=20))
    with running(box.reader(engine, Published(), Told())):
        eventually(lambda: len(box.mails(READ)) == 1, 30, "the old one is gone")
    assert b"Postfix" in box.mails(READ)[0]


def test_a_wrong_password_is_an_error_that_does_not_show_it(box: BounceBox) -> None:
    url = box.url.replace(":of-tests", ":hush-hush")
    with pytest.raises(LoginError) as caught, opened(parse_imap_url(url)):
        pass
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["imaps", "imap"])
def test_the_connection_is_protected_and_the_certificate_checked(
    scheme: str, server_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DovecotServer(server_directory / f"dovecot-{scheme}", CERTIFICATE) as server:
        url = server.url("ada@example.org", scheme=scheme, host="localhost").replace("starttls=never", "")
        with pytest.raises(OSError, match="certificate"), opened(parse_imap_url(url)):
            pass
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        with opened(parse_imap_url(url)) as mailbox:
            assert mailbox.waiting() == []
