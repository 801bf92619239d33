"""Makes links into accounts, and asks notify to mail them: in one transaction, so that what is mailed opens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine

from shared.contracts import AccountMail
from shared.contracts.account_mail import LANGUAGE_MOST
from shared.database import Outbox
from shared.messaging.message import message_of
from storage_service.accounts.addresses import address_of
from storage_service.accounts.asker import Asker
from storage_service.accounts.links import GOOD_FOR, PLACES, Links, Purpose
from storage_service.accounts.roles import Grant
from storage_service.accounts.writing import writing
from storage_service.tables import OUTBOX


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link that was made, to be shown now or never.

    `path` is its address without the host, `url` with it, None where nobody has said where this console is reached:
    then it is not mailed either.
    """

    email: str
    expires_at: datetime
    path: str = field(repr=False)
    url: str | None = field(repr=False)

    @property
    def is_mailed(self) -> bool:
        """Whether a mail with it goes out."""
        return self.url is not None


class LinkMails:
    """Makes links. `public_url` is where the gateway is reached by everybody: what a browser says of that is not
    believed, for whoever could choose it would get the links that others are sent."""

    def __init__(
        self,
        engine: Engine,
        links: Links,
        public_url: str | None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._links = links
        self._public_url = public_url
        self._clock = clock

    @property
    def is_mailing(self) -> bool:
        """Whether links are mailed: somebody has said where this console is reached."""
        return self._public_url is not None

    def make(
        self,
        purpose: Purpose,
        email: str,
        grants: Iterable[Grant],
        by: Asker,
        *,
        language: str | None = None,
        within: Connection | None = None,
    ) -> MadeLink:
        """Make a link as `Links.make` does, and have it mailed where that is possible; `within` is a transaction to
        belong to.

        `language` is what who asks reads, as a browser says it. Raises `BadAddress`, `BadGrants`, and as `classified`
        does.
        """
        expires_at = self._clock() + GOOD_FOR[purpose]
        with writing(self._engine, within) as connection:
            token = self._links.make(purpose, email, grants, by, within=connection)
            path = f"{PLACES[purpose]}{token}"
            made = MadeLink(address_of(email).shown, expires_at, path, self._public_url and f"{self._public_url}{path}")
            if made.url is not None:
                Outbox(OUTBOX).add(connection, [message_of(_mail(purpose, made, made.url, by, language))])
        return made


def _mail(purpose: Purpose, made: MadeLink, url: str, by: Asker, language: str | None) -> AccountMail:
    return AccountMail(
        id=uuid4(),
        purpose=purpose,
        to=made.email,
        link=url,
        expires_at=made.expires_at,
        by=by.name if "@" in by.name and by.name != made.email else None,  # no key's name, and nobody to themselves
        language=None if language is None else language[:LANGUAGE_MOST],
    )
