"""Keeps what was erased outside the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Journal(Protocol):
    """Keeps which ids were erased, and when."""

    def add(self, moments: Mapping[UUID, datetime]) -> None:
        """Keep them, durably, before it returns; raises `DependencyUnavailable`."""


class KeptNowhere:
    """A journal that keeps nothing: a restored backup brings back what was erased since it was made."""

    def add(self, moments: Mapping[UUID, datetime]) -> None:
        """See `Journal`."""
