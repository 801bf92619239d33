"""Reads the mailbox that bounces come back to, in one process at a time, and publishes what they say.

A mail is moved only once the broker has confirmed what it says. Whoever dies in between reads it again, and publishes
the same under the same id.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol, TypeAlias

import structlog
from sqlalchemy import Engine

from notify_service.bounces.found import Unreadable
from notify_service.bounces.mailbox import AWAY, LOST, READ, REFUSED, UNREADABLE, Mailbox
from notify_service.bounces.reading import BounceMails, Found
from notify_service.bounces.stumbles import Stumbled, Stumbles
from shared.contracts import MailBounced
from shared.database import Lease, classified
from shared.failpoints import Reach, ignore
from shared.messaging.broker import NotConfirmed, Publisher
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.message import message_of
from shared.messaging.worker import STUCK_AFTER_S

EVERY_S = 60.0
LOOK_EVERY_S = 10.0
"""How often the mailbox is read, and how often the lease is renewed, or looked at."""

PAUSE_MOST_S = 600.0
"""How long the pause becomes while the server is away."""

AT_ONCE = 50
"""How many mails are read before the mailbox is asked what it has."""

ODD_MOST = 20
"""How many mails the server may refuse to hand out, or to move: each that is not moved is told again the next time."""

READ_FOR = timedelta(days=30)
"""How long mails are kept that were read."""

CONFIRM_S = 10.0

Outcome: TypeAlias = Literal["told", "nothing", "unreadable"]
"""What came of a mail: it told of a delivery, of nothing that counts, or cannot be read, or even be had."""

_log = structlog.get_logger().bind(part="bounces")


class Telling(Protocol):
    """Is told what is measured."""

    def count_bounce_mail(self, outcome: Outcome) -> None:
        """Count a mail that was read."""

    def note_mailbox(self, *, is_away: bool) -> None:
        """Note whether the mailbox was reached."""


@dataclass(slots=True)
class MailboxReader:
    """Runs beside the consumers, as one of them (`broker.Consumer`): `run` until `stop`. `opened` opens the mailbox."""

    opened: Callable[[], AbstractContextManager[Mailbox]]
    mails: BounceMails
    publisher: Publisher
    engine: Engine
    lease: Lease
    telling: Telling
    reach: Reach = ignore
    every_s: float = EVERY_S
    look_every_s: float = LOOK_EVERY_S
    _stumbles: Stumbles = field(default_factory=Stumbles)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _turned_s: float = field(default_factory=time.monotonic)
    _failures: int = 0
    _next_s: float = 0.0
    _forgot_on: datetime | None = None

    def run(self) -> None:
        """Read until `stop`, and give the lease back."""
        while not self._stopping.wait(self.look_every_s):
            self._turned_s = time.monotonic()
            if not self._has_lease():
                self.telling.note_mailbox(is_away=False)  # whoever has it says so
            elif self._turned_s >= self._next_s:
                self._next_s = time.monotonic() + self._read()
        self._give_back()

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping.set()

    def missing(self) -> list[str]:
        """Return nothing: no delivery waits for this."""
        return []

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps; see `broker.Consumer`."""
        return ["bounces: its thread does not turn"] if time.monotonic() - self._turned_s > STUCK_AFTER_S else []

    def _read(self) -> float:
        """Read all that waits, and return after how many seconds to come again."""
        try:
            with self.opened() as mailbox:
                self.telling.note_mailbox(is_away=False)
                self._work_off(mailbox)
                self._forget(mailbox)
        except NotConfirmed as error:
            _log.info("not now", because=str(error))
        except Stumbled as error:
            _log.warning("a mail in the mailbox of bounces cannot be had", because=str(error))
            self._failures = 0
            return 0.0  # the others wait for a new connection
        except AWAY as error:
            self._failures += 1
            self.telling.note_mailbox(is_away=True)
            _log.warning("the mailbox of bounces was not reached", error=type(error).__name__, failures=self._failures)
            pause_s = min(self.every_s * float(2 ** min(self._failures - 1, 10)), PAUSE_MOST_S)
            return pause_s * random.uniform(0.8, 1.2)  # noqa: S311 - scatters, and keeps no secret
        except Exception as error:  # noqa: BLE001 - a bug must not end the service
            _log.error("reading bounces failed", error=type(error).__name__, exc_info=error)
        self._failures = 0
        return self.every_s

    def _work_off(self, mailbox: Mailbox) -> None:
        """Read all that waits. What the server does not hand out, or move, waits for the next time, and keeps no other
        waiting; where that is much, the server is as good as away."""
        self._stumbles.begin(mailbox.validity)
        odd = set[int]()
        while waiting := [uid for uid in self._stumbles.ordered(mailbox.waiting()) if uid not in odd][:AT_ONCE]:
            for uid in waiting:
                if self._stopping.is_set() or not self._has_lease():
                    return
                self._turned_s = time.monotonic()
                try:
                    is_handled = self._is_handled(mailbox, uid)
                except Stumbled as error:
                    if not isinstance(error.__cause__, REFUSED) or isinstance(error.__cause__, LOST):
                        raise
                    if len(odd) >= ODD_MOST:
                        raise error.__cause__ from None
                    _log.warning("a mail in the mailbox of bounces cannot be had, or moved", because=str(error))
                    is_handled = False
                if not is_handled:
                    odd.add(uid)

    def _is_handled(self, mailbox: Mailbox, uid: int) -> bool:
        """Handle a mail, and say whether it is there no more; raises `Stumbled`."""
        if self._stumbles.is_worn_out(uid):
            self._put_aside(mailbox, uid)
            return True
        with self._stumbles.at(uid):
            content = mailbox.content(uid)
        if content is None:  # it has gone meanwhile, and is listed no more; else it counts as one that cannot be had
            self._stumbles.note(uid)
            return False
        self._handle(mailbox, uid, content)
        return True

    def _handle(self, mailbox: Mailbox, uid: int, content: bytes) -> None:
        outcome = self._told(content)
        self.reach("bounce-before-move")
        with self._stumbles.at(uid):
            mailbox.put(uid, UNREADABLE if outcome == "unreadable" else READ)
        self.telling.count_bounce_mail(outcome)

    def _put_aside(self, mailbox: Mailbox, uid: int) -> None:
        """Move a mail that cannot be had; where that fails too, it stays, and is passed over from now on."""
        self.telling.count_bounce_mail("unreadable")
        with self._stumbles.at(uid):
            mailbox.put(uid, UNREADABLE)
        _log.warning("a mail in the mailbox of bounces cannot be had, and was put aside", uid=uid)

    def _told(self, content: bytes) -> Outcome:
        """Publish what a mail says, and return what came of it; raises `NotConfirmed`."""
        try:
            found = self.mails.read(content)
        except Unreadable as error:
            _log.warning("a mail in the mailbox of bounces cannot be read", because=str(error))
            return "unreadable"
        except Exception as error:  # noqa: BLE001 - one that ends us would do so for ever, and no other be read
            _log.error("a mail in the mailbox of bounces cannot be read", error=type(error).__name__, exc_info=error)
            return "unreadable"
        if found is None:
            return "nothing"
        self.publisher.publish(message_of(_event(found)), timeout_s=CONFIRM_S)
        return "told"

    def _forget(self, mailbox: Mailbox) -> None:
        """Remove what was read long ago, once a day."""
        now = datetime.now(UTC)
        if self._stopping.is_set() or (self._forgot_on is not None and now - self._forgot_on < timedelta(days=1)):
            return
        mailbox.forget((now - READ_FOR).date())
        self._forgot_on = now

    def _has_lease(self) -> bool:
        now = datetime.now(UTC)
        if self.lease.is_running(now):
            return True
        try:
            with classified(), self.engine.begin() as connection:
                return self.lease.is_taken(connection, now)
        except DependencyUnavailable as error:
            _log.info("not now", because=str(error))
            return False

    def _give_back(self) -> None:
        try:
            with classified(), self.engine.begin() as connection:
                self.lease.give_back(connection)
        except DependencyUnavailable as error:  # it ends by itself
            _log.info("the lease was not given back", because=str(error))


def _event(found: Found) -> MailBounced:
    judged = found.judged
    return MailBounced(
        id=found.id,
        delivery_id=found.delivery_id,
        address_hash=None,
        kind=judged.kind,
        code=judged.code,
        said=judged.said,
        at=datetime.now(UTC),
        via="mailbox",
    )
