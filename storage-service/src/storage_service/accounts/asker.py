"""Who asks, and what they may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

SCOPES = ("read", "write", "export", "erase", "unseal", "operate", "admin")
"""What a key, or a role, allows. `read`: see submissions. `write`: work on them, send again. `export`: get them out as
a file. `erase`: erase them. `unseal`: see sealed fields in the clear. `operate`: parked messages, and
addresses that are sent no mail. `admin`: the audit, keys, and users."""

Forms: TypeAlias = frozenset[str] | None
"""Names of forms; None for all."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, for the trail, the audit and what may be seen. `name` is a key's name, or an account's address.

    `forms` are those that may be seen, None for all. `source` is the network address that the request came from.
    An account may do one thing with some forms, and another with others: then `by_scope` says for each scope with
    which. Such an asker sees nothing until it is `narrowed` to what a request is about.
    """

    name: str
    scopes: frozenset[str]
    forms: Forms = None
    source: str | None = None
    by_scope: Mapping[str, Forms] | None = field(default=None, hash=False)

    @property
    def is_admin(self) -> bool:
        """Whether what everybody does may be seen: with the scope `admin`, and for all forms."""
        return self.may("admin") and self._forms_of("admin") is None

    def may_see(self, form: str) -> bool:
        """Return whether a form's submissions may be seen."""
        return self.forms is None or form in self.forms

    def may(self, scope: str, form: str | None = None) -> bool:
        """Return whether a scope is theirs: for this form, or without one, for any form at all."""
        if scope not in (self.scopes if self.by_scope is None else self.by_scope):
            return False
        forms = self._forms_of(scope)
        return form is None or forms is None or form in forms

    def narrowed(self, scope: str) -> Asker:
        """Return them as a request sees them that needs this scope: `forms` are those that it is good for, and
        `scopes` are those that are good for all of these. Without the scope nothing is left.
        """
        if self.by_scope is None:
            return self
        if scope not in self.by_scope:
            return replace(self, scopes=frozenset(), forms=frozenset())
        forms = self.by_scope[scope]
        scopes = frozenset(one for one, others in self.by_scope.items() if _holds(others, forms))
        return replace(self, scopes=scopes, forms=forms)

    def _forms_of(self, scope: str) -> Forms:
        return self.forms if self.by_scope is None else self.by_scope.get(scope, frozenset())


def _holds(forms: Forms, others: Forms) -> bool:
    return forms is None or (others is not None and others <= forms)
