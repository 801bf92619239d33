"""One try to make a delivery that is claimed, and what is to be done about its failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from notify_service.channels.channel import Channel
from notify_service.deliveries.leases import LEASE_MARGIN_S
from notify_service.deliveries.marking import UNMARKED, Marking
from notify_service.deliveries.recording import Recorder, Recordings
from notify_service.deliveries.retries import BUG, UNKNOWN, is_too_old, retry_after_s, until_retried
from notify_service.deliveries.states import SUPPRESSED, Claim, Outcome, Sent, Tried
from notify_service.deliveries.telling import Telling
from notify_service.deliveries.wanted import Addressed, Wanted
from notify_service.transports.failures import ChannelBroken, Permanent, SendFailure, Transient
from notify_service.transports.transport import Transport
from shared.failpoints import Reach
from shared.messaging.failures import BUG_RETRIES, DependencyUnavailable, RetryLater

Timing: TypeAlias = Callable[[str], AbstractContextManager[object]]
"""Times one try over a channel."""


@dataclass(frozen=True, slots=True)
class Trying:
    """Tries the deliveries of one batch; `sent` are those of it being recorded, `stopped` those who are sent no
    mail, and why."""

    channels: Mapping[str, Channel]
    transport: Transport
    telling: Telling
    recorder: Recorder
    sent: Recordings
    reach: Reach
    point: str
    send_timeout_s: float
    timing: Timing
    stopped: Mapping[Addressed, str] = field(default_factory=dict)
    marking: Marking = UNMARKED

    def made(self, claim: Claim, wanted: Wanted, *, at: int) -> Exception | None:
        """Make a delivery, the batch's number `at`, and return what came of it; raises `DependencyUnavailable`."""
        self.sent.wait(but=1)
        if self.sent.away:
            raise self.sent.away
        if why := self.stopped.get(wanted.addressed):
            self.telling.record(claim, wanted, "suppressed", f"{SUPPRESSED}{why}")
            return None
        began_s = time.monotonic()
        try:
            heard = self._send(claim, wanted)
        except DependencyUnavailable:  # nothing was tried: the server rests
            raise
        except ChannelBroken as error:
            raise DependencyUnavailable(f"mail server: {error.reason}") from error
        except Permanent as error:
            self.telling.record(claim, wanted, "failed", error.reason, tried=_tried(began_s, error))
        except Transient as error:
            return self._retried(claim, wanted, error, _tried(began_s, error))
        except Exception as error:  # noqa: BLE001 - a bug: the consumer retries, and parks what failed too often
            outcome: Outcome = "retrying" if wanted.failures < BUG_RETRIES else "failed"
            self.telling.record(claim, wanted, outcome, f"{BUG}{type(error).__name__}")
            return error
        else:
            self.reach(f"{self.point}after-send")
            told = partial(self.telling.recorded, claim, wanted)
            tried, address_hash = Tried(_ms_since(began_s), heard), self.marking.hash_of(wanted.planned.destination)
            sent = Sent(claim, self.telling.clock(), tried, address_hash)
            self.sent.add(at, self.recorder.record(sent, told))
        return None

    def _send(self, claim: Claim, wanted: Wanted) -> str:
        if wanted.form is None or wanted.refusal:
            raise Permanent(wanted.refusal or UNKNOWN)
        self.reach(f"{self.point}before-send")
        composed = self.channels[wanted.key.channel].compose(wanted.event, wanted.form, wanted.planned)
        letter = self.marking.mark(composed, wanted.key.id)
        left_s = (claim.lease_until - self.telling.clock()).total_seconds() - LEASE_MARGIN_S
        if left_s <= 0:
            raise Transient("held too long before sending")
        with self.timing(wanted.key.channel):
            return self.transport.send(letter, timeout_s=min(left_s, self.send_timeout_s))

    def _retried(self, claim: Claim, wanted: Wanted, error: Transient, tried: Tried) -> RetryLater | None:
        if is_too_old(claim.due_at or wanted.event.accepted_at, self.telling.clock()):
            self.telling.record(claim, wanted, "failed", error.reason, tried=tried)
            return None
        after_s = max(retry_after_s(claim.attempts), until_retried(error.after_s))
        self.telling.record(claim, wanted, "retrying", error.reason, after_s=after_s, tried=tried)
        return RetryLater(error.reason, after_s=after_s)


def _tried(began_s: float, error: SendFailure) -> Tried:
    return Tried(_ms_since(began_s), error.said or error.reason)


def _ms_since(began_s: float) -> int:
    return round((time.monotonic() - began_s) * 1000)
