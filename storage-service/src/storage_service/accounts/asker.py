"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, for the trail, the audit and what may be seen. `name` is a key's name (later: an account's address).

    `scopes` are among read, write, export, erase, unseal, operate, admin. `forms` are those that may be seen, None for
    all. `source` is the address that the request came from.
    """

    name: str
    scopes: frozenset[str]
    forms: frozenset[str] | None = None
    source: str | None = None
