"""Keeps passkeys, and knows whose one is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_bytes
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row, delete, func, insert, literal, or_, select, update

from shared.database import classified, reading
from shared.messaging.failures import PermanentFailure
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.passkeys import ceremonies
from storage_service.accounts.passkeys.party import Party
from storage_service.accounts.passkeys.passkey import NAME_MOST, OF_ONE_USER_MOST, NotAccepted, Passkey
from storage_service.accounts.pending import Pending
from storage_service.accounts.user import User
from storage_service.tables import ACCOUNTS

CHALLENGE_S = 600
"""How long somebody may take: a page for signing in may lie open for a while before a passkey is touched."""

_CHALLENGE_BYTES = 32
_MAKE, _USE = "passkey.make", "passkey.use"
_EXPIRED = "That took too long, or was sent twice. Please try again."
_UNKNOWN = "This passkey is not known here. If you removed it from your account, remove it from your device too."
_MOST = f"An account has {OF_ONE_USER_MOST} passkeys at most: remove one first."
_LAST = "This is your only way to sign in: set a password or add another passkey first."
_TWICE = "This passkey is here already."

_P, _U = ACCOUNTS.passkeys.c, ACCOUNTS.users.c


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser is asked for: `options` as JSON, and a `token` that comes back with its answer, once."""

    options: str
    token: str


class Passkeys:
    """The passkeys of a database. All methods raise as `classified` does."""

    def __init__(
        self,
        engine: Engine,
        pending: Pending,
        audit: Audit,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._pending = pending
        self._audit = audit
        self._clock = clock

    def listed(self, user_id: UUID) -> Sequence[Passkey]:
        """Return the passkeys of a user, the oldest first."""
        columns = (_P.id, _P.name, _P.is_backed_up, _P.created_at, _P.last_used_at)
        found = select(*columns).where(_P.user_id == user_id).order_by(_P.created_at, _P.id)
        with classified(), reading(self._engine).connect() as connection:
            return [Passkey(*row) for row in connection.execute(found)]

    def ask_to_make(self, user: User, party: Party) -> Asked:
        """Begin a new passkey of a user; raises `NotAccepted` where there are enough."""
        with classified(), reading(self._engine).connect() as connection:
            known = connection.scalars(select(_P.credential).where(_P.user_id == user.id)).all()
        if len(known) >= OF_ONE_USER_MOST:
            raise NotAccepted("too_many", _MOST)
        challenge = token_bytes(_CHALLENGE_BYTES)
        kept = {"challenge": challenge.hex(), "user": str(user.id)}
        options = ceremonies.options_to_make(party, user.id, user.email, challenge, known)
        return Asked(options, self._pending.keep(_MAKE, kept, CHALLENGE_S))

    def make(self, user: User, party: Party, token: str, text: str, name: str, *, by: Asker) -> None:
        """Keep a new passkey, as the browser sent it; raises `NotAccepted`. Without a name it has a plain one."""
        kept = self._pending.take(_MAKE, token)
        if kept is None or kept["user"] != str(user.id):
            raise NotAccepted("expired", _EXPIRED)
        credential = ceremonies.read(text)
        verified = ceremonies.made(credential, party, bytes.fromhex(kept["challenge"]))
        values = {
            "id": uuid4(),
            "user_id": user.id,
            "credential": verified.credential_id,
            "public_key": verified.credential_public_key,
            "counter": verified.sign_count,
            "transports": ceremonies.transports(credential),
            "is_backed_up": verified.credential_backed_up,
            "name": " ".join(name.split())[:NAME_MOST] or "Passkey",
            "created_at": self._clock(),
        }
        try:
            with classified(), self._engine.begin() as connection:
                if self._count(connection, user) >= OF_ONE_USER_MOST:
                    raise NotAccepted("too_many", _MOST)
                connection.execute(insert(ACCOUNTS.passkeys).values(values))
                self._audit.note(by, "passkey.added", user.email, within=connection)
        except PermanentFailure:
            raise NotAccepted("twice", _TWICE) from None

    def remove(self, user: User, passkey_id: UUID, *, by: Asker, is_last_kept: bool = False) -> bool:
        """Remove a passkey of a user; False where they have none of this id.

        Where the last one is to be kept, raises `NotAccepted` for it: of two pages that remove one each, one is told.
        """
        gone = delete(ACCOUNTS.passkeys).where(_P.id == passkey_id, _P.user_id == user.id)
        with classified(), self._engine.begin() as connection:
            count = self._count(connection, user)
            found = connection.execute(gone).rowcount > 0
            if found and is_last_kept and count == 1:
                raise NotAccepted("last", _LAST)
            if found:
                self._audit.note(by, "passkey.removed", user.email, within=connection)
        return found

    def ask_to_use(self, party: Party) -> Asked:
        """Begin to sign in, whoever it is."""
        challenge = token_bytes(_CHALLENGE_BYTES)
        kept = self._pending.keep(_USE, {"challenge": challenge.hex()}, CHALLENGE_S)
        return Asked(ceremonies.options_to_use(party, challenge), kept)

    def user_of(self, party: Party, token: str, text: str) -> UUID:
        """Return whose passkey has answered, as the browser sent it; raises `NotAccepted`."""
        kept = self._pending.take(_USE, token)
        if kept is None:
            raise NotAccepted("expired", _EXPIRED)
        credential = ceremonies.read(text)
        row = self._row(ceremonies.credential_id(credential))
        if row is None or ceremonies.user_handle(credential) not in {None, row.user_id}:
            raise NotAccepted("unknown", _UNKNOWN)
        challenge = bytes.fromhex(kept["challenge"])
        use = ceremonies.used(credential, party, challenge, public_key=row.public_key, counter=row.counter)
        self._note_use(row.id, use.new_sign_count, is_backed_up=use.credential_backed_up)
        owner: UUID = row.user_id
        return owner

    def _row(self, credential: bytes) -> Row[Any] | None:
        with classified(), self._engine.connect() as connection:
            return connection.execute(select(ACCOUNTS.passkeys).where(_P.credential == credential)).one_or_none()

    def _count(self, connection: Connection, user: User) -> int:
        """Count a user's passkeys, which nobody else adds to or removes from until the end of the transaction."""
        connection.execute(select(_U.id).where(_U.id == user.id).with_for_update())
        found = select(func.count()).select_from(ACCOUNTS.passkeys).where(_P.user_id == user.id)
        return connection.scalar(found) or 0

    def _note_use(self, passkey_id: UUID, counter: int, *, is_backed_up: bool) -> None:
        """Keep how often it was used. Of two uses at once that say the same count one is a copy's."""
        is_newer = or_(_P.counter < counter, literal(counter) == 0)
        used = {"counter": counter, "is_backed_up": is_backed_up, "last_used_at": self._clock()}
        changed = update(ACCOUNTS.passkeys).where(_P.id == passkey_id, is_newer).values(used)
        with classified(), self._engine.begin() as connection:
            if connection.execute(changed).rowcount == 0:
                raise NotAccepted("copied", _UNKNOWN)
