"""Finds the forms whose owner's mail does not arrive."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Engine, bindparam, not_, select, text

from notify_service.history.selecting import is_sent_again
from notify_service.tables import DIGESTS, deliveries
from shared.database import classified, reading

OWNER_MAIL = "owner"

FAILED_SINCE = timedelta(hours=2)
"""How long one that has failed counts: an alert that waits for an hour sees a single one, too."""

WAITS_SINCE = timedelta(minutes=10)
"""How long one may wait for its turn."""

_C = deliveries.c
_FORMS = select(_C.form).distinct().where(text("deliveries.state <> 'sent'"), _C.channel == OWNER_MAIL)
_RETRYING = _FORMS.where(_C.state == "retrying")
_FAILED = _FORMS.where(
    _C.state == "failed",
    _C.changed_at >= bindparam("failed_since", type_=_C.changed_at.type),
    not_(is_sent_again()),
)
_WAITING = _FORMS.where(
    _C.state.in_(("pending", "sending")), _C.due_at <= bindparam("waits_since", type_=_C.due_at.type)
)
_D = DIGESTS.digests.c
_DIGESTS = select(_D.form).distinct().where(_D.sent_at.is_(None), _D.last_error.is_not(None))


def failing_forms(engine: Engine, now: datetime) -> Collection[str]:
    """Return the forms that have a mail to their owner which is tried again, waits for long, or has failed lately: also
    one about several submissions.

    Raises `DependencyUnavailable`.
    """
    since = {"failed_since": now - FAILED_SINCE, "waits_since": now - WAITS_SINCE}
    with classified(), reading(engine).connect() as connection:
        found = [
            name for asked in (_RETRYING, _FAILED, _WAITING, _DIGESTS) for name in connection.scalars(asked, since)
        ]
    return {name for name in found if name is not None}
