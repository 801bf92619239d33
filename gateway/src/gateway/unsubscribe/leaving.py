"""Publishes that an address is to be sent no such mail any more. Looking at the page unsubscribes nobody."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from uuid import uuid4

import structlog

from gateway.http.counting import Count, ignore
from gateway.intake.publisher import DEADLINE_S
from gateway.unsubscribe.words import Outcome
from shared.contracts import AddressSuppressed
from shared.links.unsubscribe import Unsubscribe, UnsubscribeLinks
from shared.messaging.broker import NotConfirmed, Publisher
from shared.messaging.message import message_of

REMEMBERED_FOR = timedelta(minutes=1)
REMEMBERED_MOST = 1000

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is to be said of a link: what came of it, and what it says; None for one that is none of ours."""

    outcome: Outcome
    link: Unsubscribe | None = None


class Leaving:
    """Answers for links. Any gateway can: what a link needs stands in it, signed.

    There is no limit by the address that asks: one click comes from the mail provider's, for all of its customers. A
    link that was just taken is not published again, so whoever has one cannot fill the broker with it.
    """

    def __init__(
        self, links: UnsubscribeLinks, publisher: Publisher, clock: Callable[[], datetime], count: Count = ignore
    ) -> None:
        self._links = links
        self._publisher = publisher
        self._clock = clock
        self._count = count
        self._lock = Lock()
        self._taken: OrderedDict[Unsubscribe, datetime] = OrderedDict()

    def look(self, token: str) -> Standing:
        """Return what is to be said of a link before its button is pressed."""
        link = self._links.read(token)
        return Standing("forged") if link is None else Standing("asked", link)

    def leave(self, token: str) -> Standing:
        """Publish what a link says: `done` once the broker has confirmed it, else `away`. Again does no harm."""
        found = self._left(token)
        self._count(found.outcome)
        return found

    def _left(self, token: str) -> Standing:
        found = self.look(token)
        if found.link is None or self._is_taken(found.link):
            return Standing("done", found.link) if found.link else found
        link = found.link
        told = AddressSuppressed(uuid4(), link.address_hash, link.shown, link.form, link.stops, self._clock())
        try:
            self._publisher.publish(message_of(told), timeout_s=DEADLINE_S)
        except NotConfirmed as error:
            _log.warning("unsubscribing not confirmed", form=link.form, refusal=error.refusal)
            return Standing("away", link)
        self._note(link)
        return Standing("done", link)

    def _is_taken(self, link: Unsubscribe) -> bool:
        with self._lock:
            at = self._taken.get(link)
        return at is not None and self._clock() - at < REMEMBERED_FOR

    def _note(self, link: Unsubscribe) -> None:
        with self._lock:
            self._taken[link] = self._clock()
            self._taken.move_to_end(link)
            while len(self._taken) > REMEMBERED_MOST:
                self._taken.popitem(last=False)
