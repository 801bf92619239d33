"""Says what a room of the console's pages is."""

from __future__ import annotations

from typing import Protocol

from flask import Blueprint

from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.parts import Parts


class Room(Protocol):
    """A package of `console.pages`: some addresses below `/console`, each marked with who may use it."""

    def routes(self, parts: Parts, pages: Pages) -> Blueprint:
        """Return the views."""
