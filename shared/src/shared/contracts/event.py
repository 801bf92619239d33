"""An event is a dataclass that knows its type, its id, and how it is written and read.

`registry.py` lists them all; a consumer says with a `Decoder` which of them it takes.
"""

from __future__ import annotations

from typing import ClassVar, Generic, Protocol, Self, TypeVar
from uuid import UUID

EVENT_BYTES_MOST = 16 * 1024 * 1024
"""The largest event that is looked into: RabbitMQ 4's own limit, above all that a gateway makes of a submission."""


class InvalidEvent(ValueError):
    """A message that is no event this version understands.

    The text says what is wrong and where, and shows no value: it is logged.
    """


class Event(Protocol):
    """What every event offers; `TYPE` is its AMQP type, `id` becomes the message id."""

    TYPE: ClassVar[str]

    @property
    def id(self) -> UUID:
        """What it is about, and by what the same event is known when it comes twice."""

    def encode(self) -> bytes:
        """Return it as the body of a message: JSON in UTF-8."""

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Read the body of a message of this type. Ignores members that it does not know; raises `InvalidEvent`."""


E_co = TypeVar("E_co", bound=Event, covariant=True)


def type_of(event: Event) -> str:
    """Return the type that an event is published as: its own `type` where its class has several, else its class's."""
    own: str = getattr(event, "type", event.TYPE)
    return own


def types_of(kind: type[Event]) -> tuple[str, ...]:
    """Return all types of a class of events: its `TYPES` where it has several, else the one."""
    all_of_them: tuple[str, ...] = getattr(kind, "TYPES", (kind.TYPE,))
    return all_of_them


class Decoder(Generic[E_co]):
    """Reads the bodies of the types that a consumer takes, and of no others."""

    def __init__(self, *types: type[E_co]) -> None:
        self._decode_of = {type_: one.decode for one in types for type_ in types_of(one)}

    def __call__(self, body: bytes, type: str) -> E_co:  # noqa: A002 - the name AMQP gives this property
        """Return the event; raises `InvalidEvent`. What is larger than `EVENT_BYTES_MOST` is not looked into."""
        if len(body) > EVENT_BYTES_MOST:
            raise InvalidEvent(f"{len(body)} bytes, {EVENT_BYTES_MOST} at most")
        decode = self._decode_of.get(type)
        if decode is None:
            raise InvalidEvent(f"type {type[:80]!r} is not known here; expected {' or '.join(self._decode_of)}")
        return decode(body)
