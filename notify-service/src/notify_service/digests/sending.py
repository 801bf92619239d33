"""Sends one digest that is claimed: asks storage for its lines, has the mail sent, and records what came of it.

A mail that left is recorded in the next moment. Who dies between the two leaves the digest claimed; whoever takes it
over, once that claim is over, sends it a second time, under the same Message-ID.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias
from uuid import UUID

import structlog

from notify_service.channels.mail.composer import Composer
from notify_service.channels.owner import OwnerChannel
from notify_service.channels.planned import AT_ONCE
from notify_service.deliveries.leases import LEASE_MARGIN_S
from notify_service.deliveries.marking import Marking
from notify_service.deliveries.retries import BUG, UNKNOWN, is_too_old, retry_after_s
from notify_service.deliveries.states import SUPPRESSED, Tried
from notify_service.digests.lines import Line
from notify_service.digests.mail import mail_of, provider_id
from notify_service.digests.recording import DigestRecord
from notify_service.digests.table import Claimed, DigestTable, Item
from notify_service.digests.wording import Digested, DigestWording, Told
from notify_service.transports.failures import ChannelBroken, Permanent, SendFailure, Transient
from notify_service.transports.smtp.mail import Mail
from notify_service.transports.transport import Transport
from shared.failpoints import Reach, ignore
from shared.forms import Form, Forms, Owner
from shared.mailboxes import recipient_hash
from shared.messaging.failures import DependencyUnavailable

LATER = timedelta(seconds=10)
"""How soon to ask storage again that does not answer."""

LEFT_OUT_FOR = timedelta(minutes=10)
"""How long a submission waits for the next digest that storage calls spam or erased: notify hears of that by itself."""

_log = structlog.get_logger()

Lines: TypeAlias = Callable[[Sequence[UUID], Sequence[str] | None], Mapping[UUID, Line]]
"""`lines.StorageLines`."""


class Endings(Protocol):
    """Knows who wants no digests of a form."""

    def reason(self, address: str, form: str) -> str | None:
        """Return why an address is sent none; None where it is."""

    def url(self, address: str, form: str, origin: str | None) -> str | None:
        """Return where its reader ends them; None where nobody can sign such a link."""


@dataclass(frozen=True, slots=True)
class SendDigest:
    """Sends one. `most` is how many lines it has, `count` is told what came of it: kind, outcome, deliveries."""

    table: DigestTable
    records: DigestRecord
    forms: Forms
    owners: OwnerChannel
    composer: Composer
    wording: DigestWording
    transport: Transport
    lines: Lines
    endings: Endings
    marking: Marking
    clock: Callable[[], datetime]
    most: int
    send_timeout_s: float
    count: Callable[[str, str, int], object] = lambda *_: None
    reach: Reach = ignore

    def __call__(self, claimed: Claimed) -> None:
        """Send it, if it is not to be later; raises `DependencyUnavailable` where nothing can be sent at all now."""
        form = self.forms.get(claimed.form)
        address = self._address(form, claimed.address_hash) if form else None
        if form is None or address is None:
            self._ended(claimed, "failed", self.owners.off if form else UNKNOWN)
        elif reason := self.endings.reason(address, claimed.form):
            self._ended(claimed, "suppressed", f"{SUPPRESSED}{reason}")
        else:
            self._told(claimed, form, address)

    def _address(self, form: Form, address_hash: str) -> str | None:
        return next((one for one in self.owners.addresses(form) if recipient_hash(one) == address_hash), None)

    def _told(self, claimed: Claimed, form: Form, address: str) -> None:
        """Tell of all that still waits; of what came too fast only how many there are: a flood asks storage nothing."""
        is_many = claimed.schedule == AT_ONCE
        count = self.table.count(claimed)
        items = list(self.table.items(claimed, 1 if is_many else self.most)) if count else []
        try:
            told = [] if is_many else self._good(items, form)
        except DependencyUnavailable as error:
            self.table.release(claimed, str(error), self.clock() + LATER)
            _log.info("digest put off", form=form.name[:64], because=str(error))
            return
        if not is_many and len(told) < len(items):
            kept = {one.id for one in told}
            left_out = {one.delivery_id for one in items if one.submission_id not in kept}
            self.table.put_back(left_out, self.clock() + LEFT_OUT_FOR)
            count, items = count - len(left_out), [one for one in items if one.delivery_id not in left_out]
        if not count:
            self.table.drop(claimed)
        elif not items:
            self.table.release(claimed, None)  # of as many as one mail has none is told: the next look has the others
        else:
            url = self.endings.url(address, form.name, next((one.origin for one in items if one.origin), None))
            self._try(claimed, form, Digested(told, count, is_many, url), address, items[0].delivery_id)

    def _good(self, items: Sequence[Item], form: Form) -> list[Told]:
        """Return what storage says of submissions, without those that it calls spam or erased."""
        asked = [one.submission_id for one in items]
        lines = self.lines(asked, (form.owner or Owner()).include) if asked else {}
        told = [Told(one.submission_id, one.accepted_at, lines[one.submission_id]) for one in items]
        return [one for one in told if one.line.state == "good"]

    def _try(self, claimed: Claimed, form: Form, digested: Digested, address: str, first: UUID) -> None:
        """Try once. It is marked as the `first` delivery that it stands for: what bounces is told of that one."""
        began_s = time.monotonic()
        try:
            heard = self._send(claimed, self._marked(claimed, form, digested, address, first))
        except DependencyUnavailable:
            self.table.release(claimed, None)
            raise
        except ChannelBroken as error:
            self.table.release(claimed, error.reason)
            raise DependencyUnavailable(f"mail server: {error.reason}") from error
        except Permanent as error:
            self._ended(claimed, "failed", error.reason, _tried(began_s, error))
        except Transient as error:
            self._later(claimed, error, _tried(began_s, error))
        else:
            self.reach("digest-after-send")
            tried = Tried(_ms_since(began_s), heard)
            named = {"provider_id": provider_id(claimed.id), "address_hash": self.marking.hash_of(address)}
            told = self.records.sent(claimed, self.clock(), tried, named)
            self._tell(claimed, "sent", told)

    def _marked(self, claimed: Claimed, form: Form, digested: Digested, address: str, first: UUID) -> Mail:
        """Return the mail; raises `SendFailure`. One that a bug keeps from being made is tried again for as long as any
        other, and then has failed: what it tells of must not wait for ever."""
        try:
            made: Mail = self.marking.mark(
                mail_of(claimed.id, digested, form, address, self.wording, self.composer), first
            )
        except SendFailure:
            raise
        except Exception as error:
            _log.error("digest not made", form=form.name[:64], error=type(error).__name__, exc_info=error)
            raise Transient(f"{BUG}{type(error).__name__}") from error
        return made

    def _send(self, claimed: Claimed, mail: Mail) -> str:
        with self.transport.turn(None):
            left_s = (claimed.lease_until - self.clock()).total_seconds() - LEASE_MARGIN_S
            if left_s <= 0:
                raise DependencyUnavailable("mail server: no turn in time")
            self.reach("digest-before-send")
            return self.transport.send(mail, timeout_s=min(left_s, self.send_timeout_s))

    def _later(self, claimed: Claimed, error: Transient, tried: Tried) -> None:
        now = self.clock()
        if is_too_old(claimed.made_at, now):
            self._ended(claimed, "failed", error.reason, tried)
            return
        again_at = now + timedelta(seconds=max(retry_after_s(claimed.attempts), error.after_s))
        self.records.retrying(claimed, now, error.reason, again_at, tried)
        self._tell(claimed, "retrying", 0, error.reason)

    def _ended(self, claimed: Claimed, state: str, reason: str, tried: Tried | None = None) -> None:
        ended = self.records.ended(claimed, self.clock(), state, reason, tried)
        self._tell(claimed, state, ended, reason)

    def _tell(self, claimed: Claimed, outcome: str, number: int, reason: str | None = None) -> None:
        kind = "many" if claimed.schedule == AT_ONCE else "digest"
        self.count(kind, outcome, number)
        about: Mapping[str, object] = {"form": claimed.form[:64], "digest": str(claimed.id), "deliveries": number}
        (_log.warning if outcome == "failed" else _log.info)(f"{kind} {outcome}", **about, reason=reason)


def _tried(began_s: float, error: SendFailure) -> Tried:
    return Tried(_ms_since(began_s), error.said or error.reason)


def _ms_since(began_s: float) -> int:
    return round((time.monotonic() - began_s) * 1000)
