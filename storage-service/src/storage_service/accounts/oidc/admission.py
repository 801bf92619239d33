"""Decides which account somebody has whom a provider has named, and what they may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, Engine, insert, select

from shared.database import classified
from shared.messaging.failures import PermanentFailure
from storage_service.accounts.addresses import BadAddress, address_of
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.links import Links, Spent
from storage_service.accounts.oidc.groups import grants_of
from storage_service.accounts.oidc.person import NotAdmitted, Person
from storage_service.accounts.oidc.provider import Provider
from storage_service.accounts.roles import BadGrants, Grant
from storage_service.accounts.sessions import Sessions
from storage_service.accounts.user import User, asker_of
from storage_service.accounts.users import AddressTaken, LastOwner, NotFound, Users
from storage_service.accounts.writing import writing
from storage_service.tables import ACCOUNTS

_NO_ACCESS = "You have no access here. Ask an owner of this installation to invite you."
_NO_GROUP = "None of your groups has access here. Ask whoever looks after the sign-in provider."
_UNVERIFIED = "The sign-in provider does not say that your mail address is verified, so no account can be found by it."
_OTHERS = (
    "The account of your mail address belongs to somebody else at the sign-in provider, perhaps from before. "
    "Ask an owner of this installation to end it and to invite you."
)
_TOO_MANY = "Your groups have more roles here than an account can have. Ask whoever looks after this installation."
_AGAIN = "Your account was changed at this very moment. Please try again."

_I = ACCOUNTS.identities.c


class Admission:
    """Finds, links or makes accounts. All methods raise `NotAdmitted`, and as `classified` does."""

    def __init__(
        self,
        engine: Engine,
        provider: Provider,
        users: Users,
        sessions: Sessions,
        links: Links,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._provider = provider
        self._users = users
        self._sessions = sessions
        self._links = links
        self._audit = Audit(engine, clock=clock)
        self._clock = clock

    def admit(self, person: Person, source: str | None) -> User:
        """Return the account of somebody. Where roles come from groups, it has those of theirs by now."""
        granted = grants_of(person.groups, self._provider.roles) if self._provider.roles else None
        try:
            user = self._known(person)
            if granted == ():
                self._turn_away(user, source)
            user = user or self._linked_or_made(person, granted, source)
            return user if granted is None else self._with_roles(user, granted, source)
        except (PermanentFailure, AddressTaken, NotFound, Spent):  # by somebody else, since it was looked at
            raise NotAdmitted("changed", _AGAIN) from None
        except BadGrants:
            raise NotAdmitted("too_many_roles", _TOO_MANY) from None

    def _known(self, person: Person) -> User | None:
        """Return the account that is linked with a person; one that has ended is linked with nobody."""
        found = select(_I.user_id).where(_I.issuer == person.issuer, _I.subject == person.subject)
        with classified(), self._engine.connect() as connection:
            key: UUID | None = connection.scalar(found)
        return None if key is None else self._users.one(key)

    def _turn_away(self, user: User | None, source: str | None) -> None:
        """Let nobody in who is in no group that has a role, and out who is still in by one of before."""
        if user:
            self._sessions.end_all(user.id, asker_of(user, source))
        raise NotAdmitted("no_group", _NO_GROUP)

    def _linked_or_made(self, person: Person, granted: tuple[Grant, ...] | None, source: str | None) -> User:
        """Link an account with a person by their verified address, or make one for who is invited or in a group."""
        try:
            email = address_of(person.email or "").shown
        except BadAddress:
            raise NotAdmitted("unverified", _UNVERIFIED) from None
        user = self._users.by_email(email)
        by = Asker(user.email if user else email, frozenset(), source=source)
        with writing(self._engine) as connection:
            if user is None:
                user = self._users.add(email, granted or self._invited(connection, email), by, within=connection)
            elif (subject := self._subject_of(connection, user.id)) is not None:
                if subject != person.subject:  # an address may be given to somebody new
                    raise NotAdmitted("other_subject", _OTHERS)
                return user  # linked by themselves, in another tab
            self._link(connection, person, user, by)
        return user

    def _invited(self, connection: Connection, email: str) -> tuple[Grant, ...]:
        """Return what the invitation of an address gives, and use it up."""
        if self._links.invited(email) is None:
            raise NotAdmitted("no_access", _NO_ACCESS)
        return self._links.use_invitation(connection, email).grants

    def _subject_of(self, connection: Connection, key: UUID) -> str | None:
        """Return whose an account is at this provider; None for nobody's yet."""
        found = select(_I.subject).where(_I.user_id == key, _I.issuer == self._provider.issuer).limit(1)
        subject: str | None = connection.scalar(found)
        return subject

    def _link(self, connection: Connection, person: Person, user: User, by: Asker) -> None:
        who = {"issuer": person.issuer, "subject": person.subject, "user_id": user.id}
        connection.execute(insert(ACCOUNTS.identities).values(**who, created_at=self._clock()))
        self._audit.note(by, "identity.added", user.email, within=connection)

    def _with_roles(self, user: User, granted: tuple[Grant, ...], source: str | None) -> User:
        try:
            return self._users.change_grants(user.id, granted, asker_of(user, source))
        except LastOwner:  # an installation has one at all times: they stay it until there is another
            return user
