"""Routes for tests."""

from __future__ import annotations

from shared.forms import Route
from shared.query import parse_for_event


def a_route(when: str, *, owner: tuple[str, ...] = (), channels: tuple[str, ...] = (), instead: bool = False) -> Route:
    return Route(when, parse_for_event(when), owner, channels, instead)
