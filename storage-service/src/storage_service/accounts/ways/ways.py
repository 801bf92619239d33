"""The ways to sign in beside a password, put together for a console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from storage_service.accounts.accounts import Accounts
from storage_service.accounts.audit import Audit
from storage_service.accounts.oidc.admission import Admission
from storage_service.accounts.oidc.provider import Provider
from storage_service.accounts.oidc.single_sign_on import SingleSignOn
from storage_service.accounts.passkeys.party import Party, party_of
from storage_service.accounts.passkeys.passkeys import Passkeys
from storage_service.accounts.user import User
from storage_service.accounts.ways.begins import Begins

PASSWORD, PASSKEY, OIDC = WAYS = ("password", "passkey", "oidc")
DEFAULT = frozenset({PASSWORD, PASSKEY})

ELSEWHERE = "This account signs in at the sign-in provider alone, for its roles come from there."
"""What somebody reads who tries another way than the only one of theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOn:
    """A provider of single sign-on: who somebody is, and what they may here."""

    single_sign_on: SingleSignOn
    admission: Admission

    @property
    def provider(self) -> Provider:
        """What is set up of it."""
        return self.single_sign_on.provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The ways in. `names` are those that are open, of `WAYS`; `sign_on` is there where the last of them is.

    `console_url` is where browsers reach the console, None where nobody says.
    """

    names: frozenset[str]
    console_url: str | None
    passkeys: Passkeys
    begins: Begins
    sign_on: SignOn | None = None

    def party(self, reached: str) -> Party | None:
        """Return the site whose passkeys count for whoever has come by an origin; None where none do."""
        return party_of(self.console_url, reached) if PASSKEY in self.names else None

    def may_take(self, user: User, way: str) -> bool:
        """Return whether an account may sign in by a way.

        Where its roles come from groups at a provider, it is the provider alone that says whether they still do.
        """
        is_governed = self.sign_on is not None and bool(self.sign_on.provider.roles) and user.is_single_sign_on
        return way in self.names and (way == OIDC or not is_governed)

    def has_others(self, user: User) -> bool:
        """Return whether an account could sign in without any passkey."""
        by_password = user.has_password and self.may_take(user, PASSWORD)
        return by_password or (user.is_single_sign_on and self.may_take(user, OIDC))


def ways_of(
    engine: Engine,
    accounts: Accounts,
    console_url: str | None = None,
    names: frozenset[str] = DEFAULT,
    provider: Provider | None = None,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Ways:
    """Return the ways in to the accounts of a database."""
    sign_on = None
    if provider is not None and OIDC in names:
        sign_on = SignOn(
            single_sign_on=SingleSignOn(provider, accounts.pending),
            admission=Admission(engine, provider, accounts.users, accounts.sessions, accounts.links, clock=clock),
        )
    passkeys = Passkeys(engine, accounts.pending, Audit(engine, clock=clock), clock=clock)
    return Ways(names=names, console_url=console_url, passkeys=passkeys, begins=Begins(), sign_on=sign_on)
