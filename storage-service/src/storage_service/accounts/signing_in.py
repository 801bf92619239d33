"""Signs accounts in: what is tried, who it is, the session, and the note in the audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from storage_service.accounts.addresses import BadAddress
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.devices import Devices
from storage_service.accounts.passwords import Busy, Passwords, Right
from storage_service.accounts.sessions import Sessions
from storage_service.accounts.tries import Tries
from storage_service.accounts.user import User
from storage_service.accounts.users import Users
from storage_service.accounts.writing import writing

NOBODY = "nobody"
"""Who it was in the audit, where there is no such account: what was typed may be a password."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who is signed in, and the tokens for their browser's cookies: of the `session`, and of the `device`."""

    user: User
    session: str
    device: str


class SigningIn:
    """Signs in to the accounts of a database. All methods raise as `classified` does."""

    def __init__(
        self,
        engine: Engine,
        users: Users,
        passwords: Passwords,
        sessions: Sessions,
        devices: Devices,
        tries: Tries,
        audit: Audit,
    ) -> None:
        self._engine = engine
        self._users = users
        self._passwords = passwords
        self._sessions = sessions
        self._devices = devices
        self._tries = tries
        self._audit = audit

    def by_password(
        self,
        email: str,
        password: str,
        source: str | None,
        device: str | None,
        agent: str | None = None,
        *,
        may_take: Callable[[User, str], bool] = lambda *_: True,
    ) -> Outcome | None:
        """Sign in who has this address and this password; None where nobody has. Raises `TooMany` and `Busy`.

        `device` is the token that the browser brings, if any; `agent` is what it says of itself. `may_take` says
        whether an account may sign in by a method.
        """
        tried = self._tries.check(email, source, device)
        try:
            right = self._passwords.right(email, password, known=tried.known)
        except Busy:
            self._tries.give_back(tried)
            raise
        may_enter = right is not None and may_take(right.user, "password")
        outcome = self._begin_if_still(right, source, device, agent) if right and may_enter else None
        if outcome is None:
            self.refused(email, source, "password")
            return None
        self._tries.succeeded(tried)
        return outcome

    def begin(
        self, user: User, method: str, source: str | None, device: str | None, agent: str | None = None
    ) -> Outcome:
        """Sign in somebody who is known to be this one, by a `method`: `password`, `passkey`, `oidc`."""
        with writing(self._engine) as connection:
            return self._begin(connection, user, method, source, device, agent)

    def _begin_if_still(
        self, right: Right, source: str | None, device: str | None, agent: str | None
    ) -> Outcome | None:
        with writing(self._engine) as connection:
            if not self._passwords.is_still(connection, right):
                return None
            return self._begin(connection, right.user, "password", source, device, agent)

    def _begin(
        self,
        connection: Connection,
        user: User,
        method: str,
        source: str | None,
        device: str | None,
        agent: str | None,
    ) -> Outcome:
        session = self._sessions.begin(user, source, agent, method, within=connection)
        return Outcome(user, session, self._devices.remember(connection, user.id, device))

    def refused(self, email: str | None, source: str | None, why: str) -> None:
        """Note that somebody was not let in: the account's address if there is one, and never what was typed."""
        try:
            user = self._users.by_email(email or "")
        except BadAddress:
            user = None
        name = NOBODY if user is None else user.email
        self._audit.note(Asker(name, frozenset(), frozenset(), source), "session.refused", why)
