"""The process that trains: it reads what to do from its input, says on its output what came of it, and goes away when
whoever began it does."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TextIO

from shared import database, failpoints, logs
from shared.messaging.failures import DependencyUnavailable
from storage_service.accounts.asker import Asker
from storage_service.spam.outcome import Outcome
from storage_service.spam.training import Training

NICE = 10
"""So much it gives way to a gateway, a database and a broker on the same machine."""

ORPHANED = 3


def run() -> int:
    """Train once, as the first line of the input says: `{"url": …, "by": …, "log_level": …, "log_format": …}`."""
    os.nice(NICE)
    told = json.loads(sys.stdin.readline())
    logs.configure("console", level=told["log_level"], format=told["log_format"])
    threading.Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()
    engine = database.create(told["url"])
    try:
        outcome = Training(engine, reach=failpoints.from_environment()).run(Asker(told["by"], frozenset()))
    except DependencyUnavailable as error:
        outcome = Outcome("failed", str(error))
    finally:
        engine.dispose()
    sys.stdout.write(outcome.encode() + "\n")
    sys.stdout.flush()
    return 0


def _end_with(parent: TextIO) -> None:
    """End at once when the other end of the input is closed: by a process that ended, however it did."""
    parent.read()
    os._exit(ORPHANED)
