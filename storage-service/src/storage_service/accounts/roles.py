"""Says what a role allows, for the whole installation or for one form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.forms import NAME
from storage_service.accounts.asker import SCOPES, Forms

ROLES = ("owner", "editor", "viewer")
"""From the one that may do most to the one that may do least."""

GRANTS_MOST = 100
"""Grants of one account."""

_OF_ALL: Mapping[str, frozenset[str]] = {
    "owner": frozenset(SCOPES),
    "editor": frozenset({"read", "write", "export"}),
    "viewer": frozenset({"read"}),
}
_OF_ONE = {**_OF_ALL, "owner": frozenset({"read", "write", "export", "erase", "unseal"})}
"""What a role for one form allows: parked messages, the audit, keys and users belong to no form."""


class BadGrants(ValueError):
    """Grants that are not taken; the text says what is expected, and may be shown."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role: one of `ROLES`, for a form by its name, or with None for the whole installation.

    The form may be gone from the file: its submissions are still there.
    """

    role: str
    form: str | None = None

    @property
    def scopes(self) -> frozenset[str]:
        """What it allows."""
        return (_OF_ALL if self.form is None else _OF_ONE)[self.role]

    def __str__(self) -> str:
        """Return it as it is written: `owner`, `editor:contact`."""
        return self.role if self.form is None else f"{self.role}:{self.form}"


def checked(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Return them in order, each once; raises `BadGrants`."""
    found = tuple(sorted(set(grants), key=lambda one: (one.form or "", ROLES.index(one.role))))
    if not found:
        raise BadGrants("expected a role, for all forms or for one")
    if len(found) > GRANTS_MOST:
        raise BadGrants(f"expected {GRANTS_MOST} roles at most")
    return found


def a_grant(role: str, form: str | None = None) -> Grant:
    """Return what somebody wrote; raises `BadGrants`."""
    if role not in ROLES:
        raise BadGrants(f"{role[:64]!r} is no role: expected one of {', '.join(ROLES)}")
    if form is not None and not NAME.fullmatch(form):
        raise BadGrants(f"{form[:64]!r} is no name of a form")
    return Grant(role, form)


def scopes_of(grants: Iterable[Grant]) -> Mapping[str, Forms]:
    """Return which scopes these give, and for which forms each."""
    found = dict[str, Forms]()
    for grant in grants:
        for scope in grant.scopes:
            before = found.get(scope, frozenset())
            found[scope] = None if grant.form is None or before is None else before | {grant.form}
    return found


def is_owner(grants: Iterable[Grant]) -> bool:
    """Return whether these make an owner of the installation."""
    return Grant("owner") in grants


def to_json(grants: Iterable[Grant]) -> list[dict[str, str | None]]:
    """Return them as they are kept: `[{"role": "editor", "form": "contact"}]`."""
    return [{"role": one.role, "form": one.form} for one in grants]


def of_json(kept: Sequence[Mapping[str, Any]]) -> tuple[Grant, ...]:
    """Return what was kept."""
    return tuple(Grant(one["role"], one["form"]) for one in kept)
