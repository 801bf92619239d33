"""Records what was sent, several at once: a commit is one round trip and one wait for the disk, whatever is in it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias

from notify_service.channels.planned import Key
from notify_service.deliveries.states import Sent
from shared.contracts import Confirmation
from shared.messaging.failures import DependencyUnavailable

RecordSent: TypeAlias = Callable[[Sequence[Sent]], Mapping[Key, Confirmation]]
"""`interface.Deliveries.record_sent`."""

Recording: TypeAlias = "Future[None]"
"""Done once the record is committed; raises `DependencyUnavailable`."""

Told: TypeAlias = Callable[[Confirmation | None, Exception | None], None]
"""Is told how a record ended, before its `Recording` is done: the confirmation as a receipt shows it, or None where it
was recorded before; or why it could not be recorded."""

_Waiting: TypeAlias = tuple[Sent, Told, Recording]

GATHER_S = 0.002
"""How long the first one waits for others to go with it."""


class Recordings:
    """What one call of a handler has sent and not seen recorded, each with the place of its event in the call.

    After a `with`, however it ends, no record is under way.
    """

    def __init__(self, each: Callable[[], object]) -> None:
        self.away: DependencyUnavailable | None = None
        self._each = each
        self._waiting: deque[tuple[int, Recording]] = deque()
        self._first_missing: int | None = None
        self._bugs: dict[int, Exception] = {}

    def __enter__(self) -> Recordings:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait(but=0)

    def add(self, at: int, recording: Recording) -> None:
        """Note what is being recorded, in the order of the calls of `Recorder.record`."""
        self._waiting.append((at, recording))

    def wait(self, *, but: int) -> None:
        """Wait until all but so many are done, well or not; `each` is called for each that is recorded."""
        while len(self._waiting) > but:
            at, recording = self._waiting.popleft()
            try:
                recording.result()
            except DependencyUnavailable as error:
                if self.away is None:
                    self.away, self._first_missing = error, at
            except Exception as error:  # noqa: BLE001 - its own event's, and nobody else's
                self._bugs[at] = error
            else:
                self._each()

    def settled(self, results: Sequence[Exception | None]) -> list[Exception | None]:
        """Return the results before the first that the database could not record, with what bugs made of them."""
        return [self._bugs.get(at, result) for at, result in enumerate(results)][: self._first_missing]


class Recorder:
    """Records in a thread of its own, in the order of the calls. Safe to use from many threads."""

    def __init__(self, record_sent: RecordSent) -> None:
        self._record_sent = record_sent
        self._waiting: deque[_Waiting] = deque()
        self._woken = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")
        self._thread.submit(int)  # starts it: later there may be no thread to be had

    def record(self, sent: Sent, told: Told) -> Recording:
        """Record a delivery as sent, soon."""
        recording: Recording = Future()
        self._waiting.append((sent, told, recording))
        if not self._woken:  # cleared before the thread takes what waits, so that nothing is left lying
            self._woken = True
            try:
                self._thread.submit(self._flush)
            except BaseException:
                self._woken = False
                raise
        return recording

    def close(self) -> None:
        """Record what waits, and end."""
        self._thread.shutdown()

    def _flush(self) -> None:
        time.sleep(GATHER_S)
        self._woken = False
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not taken:  # the one before took them along
            return
        self._record(taken)

    def _record(self, taken: Sequence[_Waiting]) -> None:
        try:
            recorded = self._record_sent([sent for sent, _, _ in taken])
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            if len(taken) > 1 and not isinstance(error, DependencyUnavailable):
                for one in taken:  # whatever is wrong with one of them is not the others'
                    self._record([one])
                return
            for _, told, recording in taken:
                _end(recording, told, None, error)
        else:
            for sent, told, recording in taken:
                _end(recording, told, recorded.get(sent.claim.key), None)


def _end(recording: Recording, told: Told, confirmation: Confirmation | None, error: Exception | None) -> None:
    """Tell, and then let go of whoever waits, whatever comes of the telling."""
    try:
        told(confirmation, error)
    except Exception as bug:  # noqa: BLE001 - whoever waits for it is told
        error = error or bug
    if error is None:
        recording.set_result(None)
    else:
        recording.set_exception(error)
