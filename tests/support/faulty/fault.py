"""Defines a fault: it starts, it ends, and it proves that it took place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Fault(Protocol):
    """One fault of the table, to be used by a test of its own or by the mix of them all."""

    def inject(self) -> None:
        """Do the harm. Returns when it is done, or under way."""

    def heal(self) -> None:
        """Take it back, as far as an operator would have to; harmless where there is none."""

    def evidence(self) -> Mapping[str, int]:
        """Return what it did, counted; where all of it is 0 it never took place."""


def prove(fault: Fault) -> dict[str, int]:
    """Return the evidence of a fault; fails where there is none: a test of it would be vacuous."""
    found = dict(fault.evidence())
    assert any(found.values()), f"vacuous: {type(fault).__name__} never took place: {found}"
    return found
