"""Who asks, and what they may."""

from __future__ import annotations

from dataclasses import dataclass

SCOPES = ("read", "write", "export", "erase", "unseal", "operate", "admin")
"""What a key may be allowed. `read`: see submissions. `write`: work on them, send again. `export`: get them out as a
file. `erase`: erase them. `unseal`: see sealed fields in the clear. `operate`: parked messages. `admin`: the audit, and
keys."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, for the trail, the audit and what may be seen. `name` is a key's name (later: an account's address).

    `forms` are those that may be seen, None for all. `source` is the network address that the request came from.
    """

    name: str
    scopes: frozenset[str]
    forms: frozenset[str] | None = None
    source: str | None = None

    @property
    def is_admin(self) -> bool:
        """Whether what everybody does may be seen: with the scope `admin`, and for all forms."""
        return "admin" in self.scopes and self.forms is None

    def may_see(self, form: str) -> bool:
        """Return whether a form's submissions may be seen."""
        return self.forms is None or form in self.forms
