"""What makes a delivery known again once something is told of it: a mark on it, and whom it went to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Marking:
    """`mark` returns what is to leave, marked with the delivery's id; `hash_of` what is kept of a whole address."""

    mark: Callable[[Any, UUID], Any]
    hash_of: Callable[[str], str | None]


UNMARKED = Marking(lambda letter, _: letter, lambda _: None)
"""For what nobody tells of later, such as webhooks."""
