"""Why an address is sent no mail, and which mails that stops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, get_args

Reason: TypeAlias = Literal["bounced", "complained", "unsubscribed", "by-hand"]
REASONS: tuple[Reason, ...] = get_args(Reason)

Stops: TypeAlias = Literal["all", "digests"]
"""Which mails stop: all, or an owner's digests alone."""

ALL_FORMS = ""
"""The form of what stops the mails of every form."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An address that is sent no mail, since `at`.

    `address_hash` is `shared.links.addresses.AddressKey.of`, `shown` what may be seen of it. `by` is who asked for it:
    an owner, a provider, None for the address's own. `said` is what a mail server said, or a note.
    """

    address_hash: str
    reason: Reason
    shown: str
    at: datetime
    form: str = ALL_FORMS
    stops: Stops = "all"
    by: str | None = None
    said: str | None = None
