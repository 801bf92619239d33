"""This module names what messaging reports to metrics: callables that must not block or raise.

Left out they do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from shared.messaging.failures import ParkedFor

Refusal: TypeAlias = Literal["returned", "nacked", "blocked", "timeout", "overloaded", "closed"]
"""Why a message counts as not confirmed."""


def _ignore(*_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class PublishInstruments:
    """What a publisher tells."""

    confirmed: Callable[[float], None] = _ignore
    """A message was confirmed, so many seconds after it was handed over."""

    refused: Callable[[Refusal], None] = _ignore
    """A message was not confirmed in time, for this reason."""

    blocked: Callable[[bool], None] = _ignore
    """The broker blocks publishers from now on, or does so no more."""

    reconnected: Callable[[], None] = _ignore
    """Its connection stands again that was lost."""


@dataclass(frozen=True, slots=True)
class ConsumeInstruments:
    """What the consumers of one queue tell."""

    received: Callable[[int, int], None] = _ignore
    """So many messages came, of which so many had come before."""

    retried: Callable[[str], None] = _ignore
    """A message was put on this delay level."""

    parked: Callable[[ParkedFor], None] = _ignore
    """A message was parked, for this kind of reason."""

    held: Callable[[int], None] = _ignore
    """By so many more, or less, consumers hold what they have, because something they need is away."""

    reconnected: Callable[[], None] = _ignore
    """A consumer's connection stands again that was lost."""


@dataclass(frozen=True, slots=True)
class Instruments:
    """All that messaging tells in one process."""

    publishing: PublishInstruments = PublishInstruments()
    consuming: Mapping[str, ConsumeInstruments] = field(default_factory=dict)
    """By the queue's name."""
