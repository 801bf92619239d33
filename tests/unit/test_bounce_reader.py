"""Whoever reads the mailbox of bounces goes on where its server does not hand out, or move, one of the mails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import pytest
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError
from sqlalchemy import Engine

from notify_service.bounces.reader import ODD_MOST, MailboxReader
from notify_service.tables import LEASES, MIGRATIONS
from shared import database
from shared.database import Lease
from support.bounce_box import Published, Told, running
from support.bounced import MAILS, TOKENS, a_bounce
from support.migrating import migrate
from support.polling import eventually


@dataclass
class OddMailbox:
    """A mailbox whose server fails at some mails: raises `failure`, or hands nothing out."""

    mails: dict[int, bytes]
    failure: Exception | None = None
    at: str = "content"
    fails: range = range(1, 2)
    asked: int = 0
    validity: int = 1
    put_away: list[int] = field(default_factory=list)

    def waiting(self) -> Sequence[int]:
        self.asked += 1
        return sorted(self.mails)

    def content(self, uid: int) -> bytes | None:
        if uid in self.fails and self.at == "content":
            self._fail()
            return None
        return self.mails.get(uid)

    def put(self, uid: int, folder: str) -> None:
        if uid in self.fails and self.at == "put":
            self._fail()
        del self.mails[uid]
        self.put_away.append(uid)

    def forget(self, _before: object) -> int:
        return 0

    def _fail(self) -> None:
        if self.failure:
            raise self.failure


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = database.create(f"sqlite:///{tmp_path / 'notify.db'}")
    migrate(made, MIGRATIONS)
    yield made
    made.dispose()


def _three() -> dict[int, bytes]:
    return {uid: a_bounce("postfix", TOKENS.sign(uuid5(NAMESPACE_DNS, str(uid)))) for uid in (1, 2, 3)}


def _reader(engine: Engine, mailbox: OddMailbox, published: Published, told: Told) -> MailboxReader:
    @contextmanager
    def opened() -> Iterator[Any]:
        yield mailbox

    lease = Lease(LEASES, "bounces")
    return MailboxReader(opened, MAILS, published, engine, lease, told, every_s=3600.0, look_every_s=0.01)


@pytest.mark.parametrize(
    ("failure", "at"), [(None, "content"), (IMAPClientError("NO"), "content"), (IMAPClientError("NO"), "put")]
)
def test_a_mail_that_the_server_does_not_hand_out_or_move_keeps_no_other_waiting(
    engine: Engine, failure: Exception | None, at: str
) -> None:
    mailbox, published, told = OddMailbox(_three(), failure, at), Published(), Told()
    with running(_reader(engine, mailbox, published, told)):
        eventually(lambda: len(mailbox.put_away) == 2, 30, "the others are read")
    assert (mailbox.put_away, list(mailbox.mails), told.away) == ([2, 3], [1], [False])
    assert mailbox.asked == 2, "it is not asked for again and again"


def test_a_server_that_moves_none_is_as_good_as_away(engine: Engine) -> None:
    mails = dict.fromkeys(range(1, 100), a_bounce("postfix"))
    mailbox, published, told = OddMailbox(mails, IMAPClientError("full"), "put", range(1, 100)), Published(), Told()
    with running(_reader(engine, mailbox, published, told)):
        eventually(lambda: True in told.away, 30, "it is away")
    assert len(published.events) == ODD_MOST + 1, "not all are told again each time"


def test_a_mail_at_which_the_connection_is_lost_again_and_again_is_put_aside(engine: Engine) -> None:
    mailbox, told = OddMailbox(_three(), IMAPClientAbortError("gone")), Told()
    with running(_reader(engine, mailbox, Published(), told)):
        eventually(lambda: not mailbox.mails, 30, "all are put away")
    assert mailbox.put_away == [2, 3, 1], "the others are not kept waiting"
    assert told.outcomes == ["told", "told", "unreadable"]
    assert not any(told.away)
