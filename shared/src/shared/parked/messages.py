"""A person lists, reads, replays and discards parked messages, by the API or by the command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import structlog
from sqlalchemy import Row

from shared.failpoints import Reach, ignore
from shared.messaging.broker import NotConfirmed, Publisher
from shared.messaging.message import Message
from shared.messaging.routes import Destination
from shared.parked.cursors import cursor_of, position_of
from shared.parked.limits import LIMIT_MOST
from shared.parked.repository import ParkedRepository
from shared.parked.serialization import action, details, summary
from shared.parked.states import State

PUBLISH_TIMEOUT_S = 3.0


Reopen: TypeAlias = Callable[[str, str], None]
"""Called before a replay, with work queue and message id: undoes what the service has recorded about the message."""


def reopen_nothing(_work_queue: str, _message_id: str) -> None:
    """Undo nothing: for a service that records nothing about a message it could not process."""


class ParkedMessages:
    """Lists, shows, replays and discards one service's parked messages. It returns JSON values.

    Every method raises `DependencyUnavailable` while the database is away.
    """

    def __init__(
        self,
        repository: ParkedRepository,
        publisher: Callable[[], Publisher],
        *,
        reopen: Reopen = reopen_nothing,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        reach: Reach = ignore,
        publish_timeout_s: float = PUBLISH_TIMEOUT_S,
    ) -> None:
        self._repository = repository
        self._publisher = publisher
        self._reopen = reopen
        self._clock = clock
        self._reach = reach
        self._publish_timeout_s = publish_timeout_s
        self._log = structlog.get_logger()

    def page(
        self, state: State | None = "waiting", reason: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> dict[str, Any]:
        """Return a page of messages, newest first, and the cursor of the next; raises ValueError for another cursor."""
        limit = max(1, min(limit, LIMIT_MOST))
        rows = self._repository.page(state, reason, limit + 1, position_of(cursor) if cursor else None)
        shown = [summary(row, self._clock()) for row in rows[:limit]]
        return {"parked": shown, "next_cursor": cursor_of(shown[-1]) if len(rows) > limit else None}

    def entry(self, parked_id: str) -> dict[str, Any] | None:
        """Return one message with its content and all that happened to it; None where there is none."""
        row = self._repository.get(parked_id)
        if row is None:
            return None
        return details(row, self._clock()) | {"actions": [action(one) for one in self._repository.actions(parked_id)]}

    def body(self, parked_id: str) -> bytes | None:
        """Return the bytes of one message, whatever they are."""
        row = self._repository.get(parked_id)
        return None if row is None else bytes(row.body)

    def waiting(self) -> dict[str, Any]:
        """Return how many messages wait for a person: in all, and by work queue and kind of reason."""
        queues = self._repository.waiting()
        return {"waiting": sum(sum(kinds.values()) for kinds in queues.values()), "queues": queues}

    def replay(self, ids: Sequence[str], actor: str) -> dict[str, Any]:
        """Publish messages to their work queue again, as they came, and note it, in any state, one after the other.

        A death between the two leaves a message waiting, published: its service takes it once more, and changes
        nothing. Stops at the first that the broker does not confirm: `problem` says why.
        """
        replayed: list[str] = []
        unknown: list[str] = []
        for parked_id in ids:
            row = self._repository.get(parked_id)
            if row is None:
                unknown.append(parked_id)
                continue
            try:
                self._publish(row)
            except NotConfirmed as error:
                return {"replayed": replayed, "unknown": unknown, "problem": str(error)}
            self._reach("after-replay-publish")
            self._repository.replayed(row, actor=actor, now=self._clock())
            self._log.info("replayed", parked=parked_id, message_id=row.message_id[:64], by=actor)
            replayed.append(parked_id)
        return {"replayed": replayed, "unknown": unknown, "problem": None}

    def replay_waiting(self, reason: str | None, limit: int, actor: str) -> dict[str, Any]:
        """Replay what waits longest, as `replay` does, and say how many of these still wait."""
        done = self.replay(self.waiting_ids(reason, limit), actor)
        return done | {"remaining": len(self.waiting_ids(reason))}

    def waiting_ids(self, reason: str | None = None, limit: int | None = None) -> list[str]:
        """Return the ids of what waits, those that wait longest first."""
        return self._repository.waiting_ids(reason, limit)

    def discard(self, parked_id: str, reason: str, actor: str) -> dict[str, Any] | None:
        """Discard a message that waits, and return it as it stands then; None where there is none.

        One that was replayed stays so: what is done cannot be discarded. The bytes are kept, and can be replayed.
        """
        if self._repository.discard(parked_id, actor=actor, reason=reason, now=self._clock()):
            self._log.info("discarded", parked=parked_id, by=actor)
        return self.entry(parked_id)

    def _publish(self, row: Row[Any]) -> None:
        self._reopen(row.work_queue, row.message_id)
        message = Message(row.type, row.message_id, bytes(row.body), row.trace)
        self._publisher().publish(message, timeout_s=self._publish_timeout_s, to=Destination((row.work_queue,)))
