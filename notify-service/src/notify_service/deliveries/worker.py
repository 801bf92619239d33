"""Makes deliveries, over whichever channel: claim, send, record, for as many at once as are sent in a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic
from uuid import UUID, uuid4

import structlog

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Key
from notify_service.deliveries.caps import LIMITED, NO_CAPS, Caps
from notify_service.deliveries.interface import Deliveries
from notify_service.deliveries.leases import LATE, LEASE_MARGIN_S, LEASED_AGAIN_S
from notify_service.deliveries.marking import UNMARKED, Marking
from notify_service.deliveries.pace import Pace
from notify_service.deliveries.recording import Recorder, Recordings
from notify_service.deliveries.retries import is_too_old, put_aside_s, until_retried
from notify_service.deliveries.states import Capped, Claim, ClaimAnswer, Erased, Held, Leased, NotYet
from notify_service.deliveries.telling import Telling, about
from notify_service.deliveries.trying import Timing, Trying
from notify_service.deliveries.wanted import Addressed, AskSuppressed, Plan, Wanted, nobody, plans
from notify_service.transports.transport import Transport
from shared.contracts import ConfirmationChanged
from shared.failpoints import Reach, ignore
from shared.messaging.failures import Delivery, DependencyUnavailable, E, Results, RetryLater


@dataclass(slots=True)
class DeliveryWorker(Generic[E]):
    """Makes the deliveries that messages ask for, over one transport, as `shared.messaging.failures.Handler`.

    A try may take `send_timeout_s`; its lease is longer by `LATE` and `LEASE_MARGIN_S`. Each consumer has a worker of
    its own, with a `lease_holder` of its own: two consumers of one process must not share a lease. They share the
    `recorder`, which records what one of them sent while that one sends the next. The names of failpoints begin with
    `point`. `suppressed` is asked once for all that are taken at once, before they are claimed;
    `marking` marks what is sent.
    """

    plan: Callable[[Delivery[E]], Plan]
    channels: Mapping[str, Channel]
    transport: Transport
    deliveries: Deliveries
    recorder: Recorder
    announce: Callable[[ConfirmationChanged], None]
    clock: Callable[[], datetime]
    reach: Reach = ignore
    send_timeout_s: float = 60.0
    caps: Caps = NO_CAPS
    point: str = ""
    timing: Timing = nullcontext
    suppressed: AskSuppressed = nobody
    marking: Marking = UNMARKED
    lease_holder: UUID = field(default_factory=uuid4)
    _pace: Pace = field(default_factory=Pace)

    def __call__(self, deliveries: Sequence[Delivery[E]]) -> Results:
        """Make the first of them, and return what came of each: done, `RetryLater`, or a bug, recorded before.

        Never `PermanentFailure`: what cannot be sent has failed, visibly, and its message is done. Raises
        `DependencyUnavailable` where nothing came of the first. One is sent once the last but one is recorded, and
        no record is under way when this returns or raises: a death leaves two unrecorded, and nothing else does.
        """
        with ExitStack() as turns:
            planned = [self._admitted(plan, turns) for plan in plans(deliveries, self.plan, self._pace.most)]
            return self._worked_off(planned)

    def _admitted(self, plan: Plan, turns: ExitStack) -> Plan:
        """Have a turn at the endpoint of a delivery, and return what is to be done about it then.

        What has no turn is put aside, unclaimed; when it is too old for that, it is claimed, to fail for that reason.
        """
        if not isinstance(plan, Wanted) or plan.form is None or plan.refusal:
            return plan
        endpoint = self.channels[plan.key.channel].endpoint(plan.planned, plan.form)
        try:
            hindrance = turns.enter_context(self.transport.turn(endpoint))
        except RetryLater as error:
            return error
        if hindrance is None:
            return plan
        if self._is_too_old(plan):
            return replace(plan, refusal=hindrance)
        return RetryLater(hindrance, after_s=put_aside_s(plan.attempt))

    def _is_too_old(self, wanted: Wanted) -> bool:
        """Say whether a delivery is to fail now. It cannot be due for longer than its submission is accepted."""
        accepted_at, now = wanted.event.accepted_at, self.clock()
        return is_too_old(accepted_at, now) and is_too_old(self.deliveries.due_at(wanted.key.id) or accepted_at, now)

    def _worked_off(self, planned: Sequence[Plan]) -> Results:
        wanted = [plan for plan in planned if isinstance(plan, Wanted)]
        stopped = self.suppressed({one.addressed for one in wanted if one.form and not one.refusal})
        answers = self._claimed(wanted)
        results = list[Exception | None]()
        tried, away = 0, None
        began = self.clock()
        with Recordings(lambda: self.reach(f"{self.point}after-record")) as sent:
            trying = self._trying(sent, stopped)
            try:
                for plan in planned:
                    if isinstance(plan, Wanted):
                        if results and self.clock() - began > LATE:
                            break
                        results.append(self._made(plan, answers[plan.key], trying, at=len(results)))
                        tried += isinstance(answers.pop(plan.key), Claim)
                    else:
                        results.append(plan)
            except DependencyUnavailable as error:
                away = error
            away = self._released(answers) or away
        self._pace.note(tried, (self.clock() - began).total_seconds())
        results = sent.settled(results)
        if not results and (away := away or sent.away):
            raise away
        return results

    def _trying(self, sent: Recordings, stopped: Mapping[Addressed, str]) -> Trying:
        return Trying(
            self.channels,
            self.transport,
            Telling(self.deliveries, self.announce, self.clock),
            self.recorder,
            sent,
            self.reach,
            self.point,
            self.send_timeout_s,
            self.timing,
            stopped,
            self.marking,
        )

    def _claimed(self, wanted: Sequence[Wanted]) -> dict[Key, ClaimAnswer]:
        if not wanted:
            return {}
        now = self.clock()
        lease_until = now + LATE + timedelta(seconds=self.send_timeout_s + LEASE_MARGIN_S)
        planned = [replace(one.planned, accepted_at=one.event.accepted_at) for one in wanted]
        return dict(self.deliveries.claim(planned, lease_holder=self.lease_holder, now=now, lease_until=lease_until))

    def _released(self, answers: Mapping[Key, ClaimAnswer]) -> DependencyUnavailable | None:
        """Take back the claims of those whose turn did not come, and return why it could not be done."""
        try:
            for answer in answers.values():
                if isinstance(answer, Claim):
                    self.deliveries.release(answer, now=self.clock())
        except DependencyUnavailable as error:  # they stay this worker's own
            return error
        return None

    def _made(self, wanted: Wanted, answer: ClaimAnswer, trying: Trying, *, at: int) -> Exception | None:
        """Make a delivery that is claimed, and return what came of it; raises `DependencyUnavailable`."""
        if isinstance(answer, Claim):
            self.reach(f"{self.point}after-claim")
            return trying.made(answer, wanted, at=at)
        if isinstance(answer, Leased):
            left_s = (answer.until - self.clock()).total_seconds()
            return RetryLater("another worker holds it", after_s=max(1.0, min(left_s, LEASED_AGAIN_S)))
        if isinstance(answer, NotYet):
            left_s = (answer.until - self.clock()).total_seconds()
            return RetryLater("it has come before its time", after_s=max(1.0, until_retried(left_s)))
        if isinstance(answer, Held):
            reason = f"{LIMITED}{answer.limit}"
            structlog.get_logger().info(f"{wanted.key.channel} held", **about(wanted.event), reason=reason)
            return RetryLater(reason, after_s=self.caps.held_again_s(answer.limit))
        if isinstance(answer, Capped):
            reason = f"{LIMITED}{answer.limit}"
            structlog.get_logger().warning(f"{wanted.key.channel} failed", **about(wanted.event), reason=reason)
            return None  # announced to nobody: who watches a receipt must not find out a cap
        if isinstance(answer, Erased):
            structlog.get_logger().info(f"{wanted.key.channel} dropped: it is erased", **about(wanted.event))
            return None
        trying.telling.announce_change(wanted, answer.news)
        return None
