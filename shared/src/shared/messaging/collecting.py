"""A collector hands over each message of a queue as it came, to be kept and not worked on."""

from __future__ import annotations

import threading

import structlog

from shared.messaging.broker import Keep
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.incoming import Incoming
from shared.messaging.worker import Source, probe_delay_s

CLOSE_TIMEOUT_S = 10.0


class Collector:
    """Collects one queue in a thread of its own: see `broker.Broker.collect`.

    It holds one message at a time, so that of messages of any size one is in memory, and a death charges one a return.
    """

    def __init__(self, queue: str, keep: Keep, source: Source) -> None:
        self._keep = keep
        self._source = source
        self._stopping = threading.Event()
        self._log = structlog.get_logger().bind(queue=queue)
        self._thread = threading.Thread(target=self._run, name=f"{queue} collector", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the message in hand, ack it, and stop."""
        self._stopping.set()
        self._source.wake()
        self._thread.join(CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                incoming = self._source.get(None)
                if incoming is not None and self._is_kept(incoming):
                    self._source.ack(incoming, multiple=False)
        finally:
            self._source.close()

    def _is_kept(self, incoming: Incoming) -> bool:
        """Keep it, trying again until it is kept; False where it is no longer ours, or we are to stop.

        A probe is not worth keeping.
        """
        if incoming.is_probe:
            return True
        failures = 0
        while not self._stopping.is_set() and self._source.is_current(incoming):
            try:
                self._keep(incoming)
            except DependencyUnavailable as error:
                self._log.warning("holding", held=1, because=str(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, the message must not be lost
                self._log.error("could not keep a message", error=type(error).__name__, exc_info=error)
            else:
                return True
            failures += 1
            self._stopping.wait(probe_delay_s(failures))
        return False
