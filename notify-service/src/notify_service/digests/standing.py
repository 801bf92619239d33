"""Says how many owners' mails wait, for the metrics."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine, func, select

from notify_service.channels.planned import AT_ONCE
from notify_service.tables import DIGESTS
from shared.database import classified, reading

_I = DIGESTS.items.c
_IS_MANY = _I.schedule == AT_ONCE
_WAITING = select(_I.form, _IS_MANY, func.count()).group_by(_I.form, _IS_MANY)


def waiting(engine: Engine) -> Mapping[tuple[str, str], int]:
    """Return how many deliveries wait by form, and by why: `digest`, or `many`. Raises `DependencyUnavailable`."""
    with classified(), reading(engine).connect() as connection:
        return {(form, "many" if is_many else "digest"): n for form, is_many, n in connection.execute(_WAITING)}
