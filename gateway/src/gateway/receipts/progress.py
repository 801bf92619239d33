"""Derives the state of a receipt: how far a submission has come. It is pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from gateway.http.moments import text_of
from gateway.receipts.tokens import Ticket
from shared.contracts import Confirmation, OptedIn, ReceiptNews, SubmissionsStored
from shared.contracts.submission_erased import is_covered

State: TypeAlias = Literal["accepted", "stored", "confirmed", "failed", "erased"]

OptIn: TypeAlias = Literal["waiting", "confirmed", "expired"]
"""Whether an address was confirmed by the button in its mail; expired: not while the link was good."""

CHANNEL = "email"

PATIENCE = timedelta(minutes=15)
"""How long after its acceptance a submission's receipt is waited at for a confirmation that nobody begins to send, or
for a button that nobody presses."""

_ASKING = {"sent": "asked", "failed": "unasked", "unsent": "unasked"}
"""What a page says of a mail that asks for an answer, by what it would say of another; any other is `asking`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of one submission.

    `stored_at` is None while it is not stored, or while storage was not heard of (`storage_known` false).
    `first_accepted_at` is what storage knows: a token says when its own request was accepted, which may be a retry.
    `confirmations` is None while notify was not heard of, empty while notify has not seen the submission; `parked`
    says since when notify keeps the event for a person, by channel: what is not sent by then has failed until it is
    replayed. `known_at` is the moment of all this. `erased_at` is when storage erased what was under this id.
    `opt_in_told` is what storage says of what it has stored, `none` where that does not wait; None where nothing is
    said. `opted_in_at` is when the button was pressed.
    """

    ticket: Ticket
    stored_at: datetime | None = None
    storage_known: bool = False
    confirmations: tuple[Confirmation, ...] | None = None
    first_accepted_at: datetime | None = None
    parked: Mapping[str, datetime] = field(default_factory=dict)
    known_at: datetime | None = None
    erased_at: datetime | None = None
    opt_in_told: OptIn | Literal["none"] | None = None
    opted_in_at: datetime | None = None

    @property
    def accepted_at(self) -> datetime:
        """Return when the submission was accepted, the first time as far as is known."""
        return self.first_accepted_at or self.ticket.accepted_at

    @property
    def is_erased(self) -> bool:
        """Return whether it is erased: what was accepted later under the same id is a new submission."""
        return self.erased_at is not None and is_covered(self.ticket.accepted_at, self.erased_at)

    @property
    def opt_in(self) -> OptIn | None:
        """Return whether the address was confirmed; None where nobody has to, or it is erased. Storage knows best."""
        told = self.opt_in_told or ("waiting" if self.ticket.opt_in else "none")
        return None if told == "none" or self.is_erased else told

    @property
    def state(self) -> State:
        """Return the state: `confirmed` means stored, and every confirmation sent; with opt-in, the button pressed."""
        if self.is_erased:
            return "erased"
        if self.stored_at is None:
            return "accepted"
        if self.opt_in == "confirmed":
            return "confirmed"
        sending = self.shown_confirmations
        if any(confirmation.state == "failed" for confirmation in sending):
            return "failed"
        if self.opt_in is None and sending and all(confirmation.state == "sent" for confirmation in sending):
            return "confirmed"
        return "stored"

    @property
    def is_final(self) -> bool:
        """Return whether nobody need wait any longer: nothing more is to come, or not soon.

        What is stored, and whose confirmation nobody has tried to send, is final after `PATIENCE`: why, a receipt does
        not say, and who opens it later sees what became of it since. So is what waits for its address to be confirmed.
        """
        if self.state != "stored":
            return self.state != "accepted"
        if self.opt_in is not None:
            return self.opt_in == "expired" or self.is_late
        due = self.ticket.confirmed or bool(self.confirmations)
        return not due or self.is_unsent

    @property
    def is_late(self) -> bool:
        """Return whether it is `PATIENCE` since it was accepted."""
        return self.known_at is not None and self.known_at - self.accepted_at >= PATIENCE

    @property
    def is_unsent(self) -> bool:
        """Return whether it is stored, and its confirmations were not begun in all of `PATIENCE`."""
        shown = self.shown_confirmations
        untried = bool(shown) and all(one.state == "pending" and one.attempts == 0 for one in shown)
        return self.is_late and untried and self.stored_at is not None

    @property
    def shown_confirmations(self) -> tuple[Confirmation, ...]:
        """Return the confirmations: one that is due and not yet seen is pending, or unknown without notify. Of what is
        erased none is known any more."""
        if self.is_erased:
            return ()
        if self.confirmations:
            return tuple(map(self.unless_parked, self.confirmations))
        if not self.ticket.confirmed:
            return ()
        return (self.unless_parked(Confirmation(CHANNEL, "unknown" if self.confirmations is None else "pending")),)

    @property
    def mail(self) -> str:
        """Return what a page says of the confirmation: its state, `none` where none is due, or `unsent`.

        Unsent is what has failed, or is not waited for any longer, without having been tried. With opt-in it is
        `asking`, `asked` or `unasked`, as the mail is, and then `agreed` or `expired`.
        """
        if self.opt_in == "waiting":
            return _ASKING.get(self._mail, "asking")
        return {"confirmed": "agreed", "expired": "expired"}.get(self.opt_in or "", self._mail)

    @property
    def _mail(self) -> str:
        if not self.shown_confirmations:
            return "none"
        first = self.shown_confirmations[0]
        is_over = first.state == "failed" or (first.state == "pending" and self.is_final)
        return "unsent" if is_over and first.attempts == 0 else first.state

    def unless_parked(self, known: Confirmation) -> Confirmation:
        """Return a confirmation as it is shown: what is under way, and parked, has failed until it is replayed."""
        since = self.parked.get(known.channel)
        if since is None or known.state in {"sent", "failed"}:
            return known
        return replace(known, state="failed", at=since)

    def to_json(self) -> dict[str, Any]:
        """Return the receipt as JSON; it shows no field values. `unknown` names what nobody answered for."""
        unknown = [] if self.storage_known or self.stored_at or self.is_erased else ["stored_at"]
        if self.ticket.confirmed and self.confirmations is None and not self.is_erased:
            unknown.append("confirmations")
        return {
            "id": str(self.ticket.id),
            "form": self.ticket.form,
            "state": self.state,
            "accepted_at": text_of(self.accepted_at),
            "stored_at": text_of(self.stored_at) if self.stored_at and not self.is_erased else None,
            "confirmations": [confirmation.to_json() for confirmation in self.shown_confirmations],
            "opt_in": self.opt_in,
            "opted_in_at": text_of(self.opted_in_at) if self.opted_in_at and self.opt_in else None,
            "final": self.is_final,
            "unknown": unknown,
        }

    @property
    def version(self) -> str:
        """Return a short name of what is shown, the same at every gateway: an event's id, an answer's ETag."""
        shown = json.dumps(self.to_json(), sort_keys=True).encode("ascii")
        return hashlib.sha256(shown).hexdigest()[:16]

    def after(self, news: ReceiptNews) -> Progress:
        """Return what is known after an announcement."""
        if isinstance(news, SubmissionsStored):
            return replace(self, stored_at=self.stored_at or news.stored_at, storage_known=True)
        if isinstance(news, OptedIn):
            return replace(self, opt_in_told="confirmed", opted_in_at=self.opted_in_at or news.at)
        others = [known for known in self.confirmations or () if known.channel != news.confirmation.channel]
        parked = {channel: since for channel, since in self.parked.items() if channel != news.confirmation.channel}
        return replace(self, confirmations=(*others, news.confirmation), parked=parked)

    def or_else(self, earlier: Progress) -> Progress:
        """Return this, with what was known earlier where nobody answered now: nothing of what is erased meanwhile."""
        if self.is_erased:
            return self
        return replace(
            self,
            erased_at=self.erased_at or earlier.erased_at,
            stored_at=self.stored_at or earlier.stored_at,
            storage_known=self.storage_known or earlier.storage_known,
            confirmations=earlier.confirmations if self.confirmations is None else self.confirmations,
            first_accepted_at=self.first_accepted_at or earlier.first_accepted_at,
            opt_in_told=self.opt_in_told or earlier.opt_in_told,
            opted_in_at=self.opted_in_at or earlier.opted_in_at,
            parked=earlier.parked if self.confirmations is None else self.parked,
        )
