"""Ends what a worker process has open when it is told to end."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable

CHECK_S = 1.0

_WAKE = signal.SIGUSR1


def end_streams_with_process(end_streams: Callable[[], None]) -> None:
    """Call `end_streams` as soon as this process is told to end: the server waits for all that is open.

    A worker whose parent has died is told to end here: nobody else would. Call it on the main thread.
    """
    # Ctrl-C reaches every process of a terminal; a worker waits for the SIGTERM of its parent, which follows.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(_WAKE, lambda *_: None)
    reader, writer = socket.socketpair()
    writer.settimeout(0)
    reader.settimeout(CHECK_S)
    signal.set_wakeup_fd(writer.detach(), warn_on_full_buffer=False)
    parent = os.getppid()

    def watch() -> None:
        while not _is_told_to_end(reader):
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGTERM)
        end_streams()
        while True:  # Python handles signals on its main thread, which sleeps through one that comes as it falls asleep
            time.sleep(CHECK_S)
            signal.pthread_kill(threading.main_thread().ident or 0, _WAKE)

    threading.Thread(target=watch, name="watch for the end", daemon=True).start()


def _is_told_to_end(reader: socket.socket) -> bool:
    try:
        return signal.SIGTERM in reader.recv(64)
    except TimeoutError:
        return False
