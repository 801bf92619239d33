"""Records what was sent, several at once: a commit is one round trip and one wait for the disk, whatever is in it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import TypeAlias

from notify_service.domain import Claim, Key
from shared.contracts import Confirmation

RecordSent: TypeAlias = Callable[[Sequence[tuple[Claim, datetime]]], Mapping[Key, Confirmation]]
"""`handler.Deliveries.record_sent`."""

Recording: TypeAlias = "Future[None]"
"""Done once the record is committed; raises `DependencyUnavailable`."""

Told: TypeAlias = Callable[[Confirmation | None, Exception | None], None]
"""Is told how a record ended, before its `Recording` is done: the confirmation as a receipt shows it, or None where it
was recorded before; or why it could not be recorded."""

GATHER_S = 0.002
"""How long the first one waits for others to go with it."""


class Recorder:
    """Records in a thread of its own, in the order of the calls. Safe to use from many threads."""

    def __init__(self, record_sent: RecordSent) -> None:
        self._record_sent = record_sent
        self._waiting: deque[tuple[Claim, datetime, Told, Recording]] = deque()
        self._woken = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")

    def record(self, claim: Claim, sent_at: datetime, told: Told) -> Recording:
        """Record a mail as sent, soon."""
        recording: Recording = Future()
        self._waiting.append((claim, sent_at, told, recording))
        if not self._woken:  # cleared before the thread takes what waits, so that nothing is left lying
            self._woken = True
            self._thread.submit(self._flush)
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
        try:
            recorded = self._record_sent([(claim, sent_at) for claim, sent_at, _, _ in taken])
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            for _, _, told, recording in taken:
                told(None, error)
                recording.set_exception(error)
        else:
            for claim, _, told, recording in taken:
                told(recorded.get(claim.key), None)
                recording.set_result(None)
