"""The registry knows events by their types. Each event registers itself, in a module beside this one."""

from __future__ import annotations

from typing import TypeVar

from shared.contracts.event import Decoder, Event, type_of, types_of

E = TypeVar("E", bound=Event)

REGISTRY: dict[str, type[Event]] = {}


def register(event: type[E]) -> type[E]:
    """Add an event, as a decorator of its class; raises `ValueError` where its type is another event's."""
    for type_ in types_of(event):
        if REGISTRY.setdefault(type_, event) is not event:
            raise ValueError(f"{type_} is registered already")
    return event


def decoder(*types: type[E]) -> Decoder[E]:
    """Return what reads the types that a consumer takes; raises `ValueError` where one is not registered."""
    for one in types:
        if REGISTRY.get(one.TYPE) is not one:
            raise ValueError(f"{one.TYPE} is not registered: see shared.contracts.registry")
    return Decoder(*types)


def decode(body: bytes, *, type: str, types: tuple[type[E], ...]) -> E:  # noqa: A002 - the name AMQP gives this property
    """Read one message body of the given AMQP type, out of the types that are taken; raises `InvalidEvent`."""
    return decoder(*types)(body, type)


def encode(event: Event) -> bytes:
    """Return an event as the body of a message; raises `ValueError` where it is not registered."""
    if type_of(event) not in REGISTRY:
        raise ValueError(f"{type_of(event)} is not registered: see shared.contracts.registry")
    return event.encode()
