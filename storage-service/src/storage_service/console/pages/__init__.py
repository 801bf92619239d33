"""What a browser shows below `/console`, a package for each room. What is added to the tuple is served.

Each room stands on `frame` and knows no other: import-linter holds it.
"""

from __future__ import annotations

from storage_service.console.pages import (
    account,
    deliveries,
    entry,
    export,
    forms,
    inbox,
    jobs,
    parked,
    person,
    settings,
    spam,
    submission,
    suppression,
    ways,
)
from storage_service.console.pages.frame.room import Room

ROOMS: tuple[Room, ...] = (
    account,
    deliveries,
    entry,
    export,
    forms,
    inbox,
    jobs,
    parked,
    person,
    settings,
    spam,
    submission,
    suppression,
    ways,
)
"""See `console.pages.frame.room.Room` for what a package has."""
