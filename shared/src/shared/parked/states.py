"""Names the states of a parked message, and the kinds of reasons for parking it."""

from __future__ import annotations

from typing import Literal, TypeAlias

State: TypeAlias = Literal["waiting", "replayed", "discarded"]
Kind: TypeAlias = Literal["invalid", "refused", "bug", "poison", "limit", "other"]
"""Why a message is parked: `limit` is the broker's delivery limit; for the others see `failures.ParkedFor`."""
