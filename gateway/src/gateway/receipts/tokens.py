"""Signs and reads receipt tokens: they say what a receipt needs, so that no gateway keeps any state."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from itsdangerous import Signer
from itsdangerous.encoding import base64_encode

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_OPT_IN = "2"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a token says: which submission, when it was accepted, and whether a confirmation is due.

    With `opt_in` that mail asks whether the address is right, and the submission waits for the answer.
    """

    id: UUID
    form: str
    accepted_at: datetime
    confirmed: bool
    opt_in: bool = False


class Tokens:
    """Signs tickets and reads them back. Comparing signatures takes constant time.

    A token is `id.form.microseconds.due.signature`, where due is 0, 1, or 2 for opt-in: nothing in it is secret, and
    nothing can be changed.
    """

    def __init__(self, secret: str) -> None:
        derive = Signer(secret, salt="counterfoil.receipt.v1", key_derivation="hmac", digest_method=hashlib.sha256)
        # Prepared once: a signer makes its key ready anew for each signature, which takes longer than signing.
        self._mac = hmac.new(derive.derive_key(), digestmod="sha256")

    def sign(self, ticket: Ticket) -> str:
        """Return the token of a ticket, fit to stand in an address."""
        moment = (ticket.accepted_at - _EPOCH) // _MICROSECOND
        content = f"{ticket.id.hex}.{ticket.form}.{moment}.{_OPT_IN if ticket.opt_in else int(ticket.confirmed)}"
        return f"{content}.{self._signature_of(content)}"

    def read(self, token: str) -> Ticket | None:
        """Return the ticket of a token; None for one that was forged, cut or signed with another secret.

        Only the very text that `sign` gives is taken: the signature is made again, for base64 writes one in many ways.
        """
        content, _, _ = token.rpartition(".")
        try:
            is_ours = hmac.compare_digest(f"{content}.{self._signature_of(content)}".encode(), token.encode("ascii"))
        except UnicodeError:
            return None
        if not is_ours:
            return None
        submission_id, form, moment, due = content.split(".")
        accepted_at = _EPOCH + int(moment) * _MICROSECOND
        return Ticket(UUID(submission_id), form, accepted_at, due in {"1", _OPT_IN}, due == _OPT_IN)

    def _signature_of(self, content: str) -> str:
        mac = self._mac.copy()
        mac.update(content.encode("ascii"))
        return base64_encode(mac.digest()).decode("ascii")
