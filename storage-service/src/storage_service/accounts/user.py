"""What an account is, and how it is read from the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, func, select

from storage_service.accounts import roles
from storage_service.accounts.asker import Asker
from storage_service.accounts.roles import Grant
from storage_service.tables import ACCOUNTS

_U, _P, _I = ACCOUNTS.users.c, ACCOUNTS.passkeys.c, ACCOUNTS.identities.c


@dataclass(frozen=True, slots=True)
class User:
    """An account. `email` is shown, and is its name in trails and audit; `folded` is how addresses are compared.

    `last_seen_at` is exact to a minute. `is_single_sign_on` says whether they have signed in by OpenID Connect, and
    `passkeys` how many they have. Moments are aware, in UTC.
    """

    id: UUID
    email: str
    folded: str
    grants: tuple[Grant, ...]
    created_at: datetime
    time_zone: str | None = None
    last_seen_at: datetime | None = None
    ended_at: datetime | None = None
    has_password: bool = False
    is_single_sign_on: bool = False
    passkeys: int = 0

    @property
    def is_owner(self) -> bool:
        """Whether the installation is theirs."""
        return roles.is_owner(self.grants)


def asker_of(user: User, source: str | None) -> Asker:
    """Return an account as one who asks; it sees nothing until it is narrowed to a scope."""
    by_scope = roles.scopes_of(user.grants)
    return Asker(user.email, frozenset(by_scope), frozenset(), source, by_scope)


def columns(*further: ColumnElement[Any]) -> Select[Any]:
    """Return what reads accounts; `user_of` takes its rows."""
    return select(
        ACCOUNTS.users,
        _U.password.is_not(None).label("has_password"),
        exists().where(_I.user_id == _U.id).label("is_single_sign_on"),
        select(func.count()).where(_P.user_id == _U.id).scalar_subquery().label("passkeys"),
        *further,
    ).select_from(ACCOUNTS.users)


def user_of(row: Row[Any]) -> User:
    """Return what a row of `columns` tells."""
    return User(
        row.id,
        row.email,
        row.folded,
        roles.of_json(row.grants),
        row.created_at,
        row.time_zone,
        row.last_seen_at,
        row.ended_at,
        bool(row.has_password),
        bool(row.is_single_sign_on),
        row.passkeys,
    )
