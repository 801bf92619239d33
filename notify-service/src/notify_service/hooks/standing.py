"""Answers a query over the broker: when each hook was last called, and with what success."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, func, select

from notify_service.channels.hook import destinations_of
from notify_service.history.words import in_words
from notify_service.tables import IS_OF_A_HOOK, deliveries, hooks
from shared.database import classified, iso, reading
from shared.messaging.broker import Answer, Params, QueryMethod

IDS_MOST = 200

_D = deliveries.c


def methods(engine: Engine) -> Mapping[str, QueryMethod]:
    """Return the method `hooks` by its name.

    {"ids": [uuid, …]}, 200 at most, answers {"hooks": {uuid: {"is_known": whether it is called, "sent_at": …,
    "failed_at": …, "why": the last failure in an owner's words}}}; null where there was none. Raises ValueError for
    what is no id, and `DependencyUnavailable`.
    """
    asked = reading(engine)

    def standing(params: Params) -> Answer:
        ids = [UUID(str(one)) for one in params["ids"][:IDS_MOST]]
        with classified(), asked.connect() as connection:
            live = set(connection.scalars(select(hooks.c.id).where(hooks.c.id.in_(ids), hooks.c.is_ended.is_(False))))
            return {"hooks": {str(one): {"is_known": one in live, **_last(connection, one)} for one in ids}}

    return {"hooks": standing}


def _last(connection: Connection, hook: UUID) -> dict[str, Any]:
    sent_at = connection.scalar(select(func.max(_D.changed_at)).where(*_its(hook, ["sent"])))
    failed = (
        select(_D.state, _D.changed_at, _D.last_error)
        .where(*_its(hook, ["failed", "retrying"]))
        .order_by(_D.changed_at.desc())
        .limit(1)
    )
    row = connection.execute(failed).one_or_none()
    return {
        "sent_at": None if sent_at is None else iso(sent_at),
        "failed_at": None if row is None else iso(row.changed_at),
        "why": None if row is None else in_words(row.state, row.last_error) or None,
    }


def _its(hook: UUID, states: Sequence[str]) -> tuple[Any, ...]:
    return IS_OF_A_HOOK, _D.destination_hash.in_(destinations_of(hook)), _D.state.in_(states)
