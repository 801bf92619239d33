"""Makes accounts of links, and gives who has lost a password a new one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine

from storage_service.accounts.addresses import address_of
from storage_service.accounts.asker import Asker
from storage_service.accounts.devices import Devices
from storage_service.accounts.joining.setup import Setup
from storage_service.accounts.links import Link, Links, Spent
from storage_service.accounts.passwords import Passwords
from storage_service.accounts.roles import Grant
from storage_service.accounts.user import User
from storage_service.accounts.users import NotFound, Users, locked, owners_locked
from storage_service.accounts.writing import writing


class Joining:
    """What the links of a database open. A link is used in the transaction that does what it is for.

    The password is looked at and hashed before. All methods raise `Spent`, `BadPassword` and `Busy`, and as
    `classified` does.
    """

    def __init__(
        self,
        engine: Engine,
        users: Users,
        passwords: Passwords,
        links: Links,
        setup: Setup,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._users = users
        self._passwords = passwords
        self._links = links
        self._setup = setup
        self._devices = Devices(engine, clock=clock)

    def by_setup(self, token: str, email: str, password: str, source: str | None) -> User:
        """Make the first owner, of two at once only one; raises `BadAddress` and `AddressTaken` too."""
        address = address_of(email)
        if not self._setup.is_good(token):
            raise Spent
        kept = self._passwords.hashed(password, address.shown)
        with writing(self._engine) as connection:
            owners_locked(connection)
            if not self._setup.is_good(token, within=connection):
                raise Spent
            by = _themselves(address.shown, source)
            return self._users.add(address.shown, [Grant("owner")], by, password=kept, within=connection)

    def by_invitation(self, token: str, password: str, source: str | None) -> User:
        """Make the account that somebody is invited to; raises `AddressTaken` too."""
        kept = self._passwords.hashed(password, self._link(token, "invitation").email)
        with writing(self._engine) as connection:
            link = self._links.use(connection, token, "invitation")
            by = _themselves(link.email, source)
            return self._users.add(link.email, link.grants, by, password=kept, within=connection)

    def by_reset(self, token: str, password: str, source: str | None) -> User:
        """Give an account a new password: its sessions end, and none of its browsers is known any more."""
        email = self._link(token, "reset").email
        kept, user = self._passwords.hashed(password, email), self._users.by_email(email)
        if user is None:
            raise Spent
        with writing(self._engine) as connection:
            locked(connection, user.id)  # first, as wherever both are written: nobody waits for another in a circle
            self._links.use(connection, token, "reset")
            try:
                user = self._passwords.keep(user.id, kept, _themselves(email, source), within=connection)
            except NotFound:
                raise Spent from None
            self._devices.forget(connection, user.id)
        return user

    def _link(self, token: str, purpose: str) -> Link:
        link = self._links.look(token, "reset" if purpose == "reset" else "invitation")
        if link is None:
            raise Spent
        return link


def _themselves(email: str, source: str | None) -> Asker:
    return Asker(email, frozenset(), frozenset(), source)
