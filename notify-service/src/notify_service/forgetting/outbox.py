"""Takes news of forgotten deliveries out of what waits to be told to storage."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, delete, select, update

from notify_service.tables import OUTBOX
from shared.contracts import DeliverySettled

_PAGE = 20
_O = OUTBOX.c


def forget_news(connection: Connection, deliveries: Collection[UUID]) -> None:
    """Remove what is told of these deliveries, and leave the others of each message, which may be under way already:
    storage drops what it hears of erased submissions."""
    last = 0
    while rows := connection.execute(_page(last)).all():
        for row in rows:
            told = DeliverySettled.decode(bytes(row.body))
            left = tuple(one for one in told.deliveries if one.delivery_id not in deliveries)
            if not left:
                connection.execute(delete(OUTBOX).where(_O.number == row.number))
            elif len(left) < len(told.deliveries):
                body = replace(told, deliveries=left).encode()
                connection.execute(update(OUTBOX).where(_O.number == row.number).values(body=body))
        last = rows[-1].number


def _page(last: int) -> Select[Any]:
    found = select(_O.number, _O.body).where(_O.type == DeliverySettled.TYPE, _O.number > last)
    return found.order_by(_O.number).limit(_PAGE)
