"""Works on jobs beside what else a process does: each in turn, in short transactions, with room between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import structlog

from shared.messaging.failures import DependencyUnavailable
from shared.messaging.worker import STUCK_AFTER_S, probe_delay_s
from storage_service.jobs.job import Job
from storage_service.jobs.steps import Lost, Steps, Work

LOOK_EVERY_S = 0.5

TURN_S = 2.0
"""How long one job is worked on before others that wait have their turn."""


def _ignore(_job: Job) -> None:
    pass


def _nothing() -> int:
    return 0


class JobRunner:
    """Runs beside what else a process does, as a consumer does (`broker.Consumer`): `run` until `stop`.

    Each console has one: so many jobs are worked on at once as there are consoles. `ended` is told of each job that
    comes to its end here. `forget` removes a part of what is old, and returns how much; it is called while nothing
    waits. By `clock_s` it is measured how long a job has been worked on.
    """

    def __init__(
        self,
        steps: Steps,
        *,
        forget: Callable[[], int] = _nothing,
        ended: Callable[[Job], None] = _ignore,
        look_every_s: float = LOOK_EVERY_S,
        turn_s: float = TURN_S,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._steps = steps
        self._forget = forget
        self._ended = ended
        self._look_every_s = look_every_s
        self._turn_s = turn_s
        self._clock_s = clock_s
        self._stopping = threading.Event()
        self._turned_s = time.monotonic()
        self._log = structlog.get_logger().bind(part="jobs")

    def run(self) -> None:
        """Work until `stop`; then finish the step in hand, and let another process go on with the job."""
        failures = 0
        while not self._stopping.is_set():
            self._turned_s = time.monotonic()
            try:
                has_worked = self.turn()
                failures = 0
            except DependencyUnavailable as error:
                has_worked, failures = False, failures + 1
                self._log.warning("jobs wait", because=str(error))
            except Exception as error:  # noqa: BLE001 - a bug must not end the process; what waits stays
                has_worked, failures = False, failures + 1
                self._log.error("jobs failed", error=type(error).__name__, exc_info=error)
            if not has_worked:
                self._stopping.wait(probe_delay_s(failures) if failures else self._look_every_s)

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping.set()

    def missing(self) -> list[str]:
        """Return nothing: jobs that wait hold nothing up."""
        return []

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps; see `broker.Consumer`."""
        return ["jobs: their thread does not turn"] if time.monotonic() - self._turned_s > STUCK_AFTER_S else []

    def turn(self) -> bool:
        """Work on the job whose turn it is, for a while, and say whether there was one; raises
        `DependencyUnavailable`."""
        work = self._steps.take()
        if work is None:
            return self._forget() > 0
        self._work(work, self._turn_s, rests=True)
        return True

    def at_once(self, job: UUID, seconds: float) -> None:
        """Work on this job in the caller's thread, if nobody else does; raises `DependencyUnavailable`."""
        work = self._steps.take(job)
        if work is not None:
            self._work(work, seconds, rests=False)

    def _work(self, work: Work, seconds: float, *, rests: bool) -> None:
        until_s = self._clock_s() + seconds
        try:
            while work.job.is_open and self._clock_s() < until_s and not self._stopping.is_set():
                work.go_on()
                if rests:  # as long as others may have waited for its transaction
                    self._turned_s = time.monotonic()
                    self._stopping.wait(work.took_s)
        except Lost:
            self._log.warning("another process has taken up a job", job=str(work.job.id))
            return
        except DependencyUnavailable:  # who goes on with it must not take this for the end of a process
            with suppress(DependencyUnavailable):
                work.give_back()
            raise
        if work.job.is_open:
            work.give_back()
            return
        self._log.info("a job has ended", job=str(work.job.id), state=work.job.state, changed=work.job.changed)
        self._ended(work.job)
