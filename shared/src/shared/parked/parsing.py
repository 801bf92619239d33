"""Reads one parked message from what the parked queue delivers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from shared.messaging.incoming import Incoming
from shared.messaging.message import (
    PARKED_AT_HEADER,
    PARKED_FOR_HEADER,
    PARKED_FROM_HEADER,
    PARKING_HEADER,
    REASON_HEADER,
)
from shared.messaging.topology import WorkQueue
from shared.parked.states import Kind

TEXT_MOST = 255
"""AMQP allows this many bytes for a message id and for a type. No more is kept."""

REASON_MOST = 500


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """One message as it was parked.

    `id` is the same for the same work queue, type, message id and body, however often these are parked; `parking`
    names this one time, and is empty where nothing names it. `headers` are all that came, as JSON; `trace` those
    that a replay takes along. The texts hold nothing that a database refuses.
    """

    id: str
    work_queue: str
    type: str
    message_id: str
    body: bytes
    headers: Mapping[str, Any]
    trace: Mapping[str, Any]
    kind: Kind
    reason: str
    parking: str
    parked_at: datetime


def parse_parked(incoming: Incoming, work_queues: Sequence[WorkQueue], now: datetime) -> ParkedMessage:
    """Read what came from the parked queue of these work queues. It never raises, whatever came.

    A message that names none of these work queues counts for the first. Somebody may have put it there by hand.
    """
    death = _death_of(incoming.headers)
    came_from = incoming.headers.get(PARKED_FROM_HEADER) or death.get("queue")
    work_queue = next((work.name for work in work_queues if work.name == came_from), work_queues[0].name)
    type_, message_id = _text(incoming.type), _text(incoming.message_id)
    return ParkedMessage(
        id=_id_of(work_queue, type_, message_id, incoming.body),
        work_queue=work_queue,
        type=type_,
        message_id=message_id,
        body=incoming.body,
        headers={_text(name): _json_of(value) for name, value in incoming.headers.items()},
        trace=incoming.trace,
        kind=_kind_of(incoming.headers, death),
        reason=_reason_of(incoming.headers, death),
        parking=_text(incoming.headers.get(PARKING_HEADER) or _name_of(death)),
        parked_at=_moment(incoming.headers.get(PARKED_AT_HEADER)) or _moment(death.get("time")) or now,
    )


def _death_of(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the broker itself notes of a dead letter, latest first (RabbitMQ's "Dead Letter Exchanges")."""
    deaths = headers.get("x-death")
    first = deaths[0] if isinstance(deaths, list) and deaths else None
    return first if isinstance(first, dict) else {}


def _kind_of(headers: Mapping[str, Any], death: Mapping[str, Any]) -> Kind:
    given = headers.get(PARKED_FOR_HEADER)
    own = (kind for kind in get_args(Kind) if kind == given)
    return next(own, "limit" if death and REASON_HEADER not in headers else "other")


def _reason_of(headers: Mapping[str, Any], death: Mapping[str, Any]) -> str:
    if given := headers.get(REASON_HEADER):
        return _text(given, REASON_MOST)
    if death:
        return _text(f"the broker gave it up: {death.get('reason')}", REASON_MOST)
    return "no reason came with it"


def _name_of(death: Mapping[str, Any]) -> str:
    return f"{death.get('time')} {death.get('count')}" if death else ""


def _id_of(*parts: str | bytes) -> str:
    """Return 128 bits, in hex, of the SHA-256 of these, each with its length before it."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()[:32]


def _moment(value: object) -> datetime | None:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: object, most_bytes: int = TEXT_MOST) -> str:
    """Return text of at most so many bytes of UTF-8, with the escapes of what is none, and of NUL.

    pika hands over as bytes what is not UTF-8; PostgreSQL takes neither NUL nor half of a surrogate pair.
    """
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    whole = text.replace("\0", "\\x00").encode("utf-8", "backslashreplace")
    return whole[:most_bytes].decode("utf-8", "ignore")


def _json_of(value: object) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, dict):
        return {_text(name): _json_of(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_json_of(one) for one in value]
    return _text(value, 4096)
