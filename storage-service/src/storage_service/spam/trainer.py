"""Has models trained in a process of its own: learning takes a core for up to a minute, and no request waits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass

from sqlalchemy import Engine

from storage_service.accounts.asker import Asker
from storage_service.spam.outcome import Outcome
from storage_service.spam.threads import ONE_THREAD

COMMAND = (sys.executable, "-I", "-m", "storage_service.spam")

LONGEST_S = 900.0
"""A training that takes longer is ended: it takes a minute where it has a core."""

ANSWER_MOST = 10_000

_UNASKED_MOST = 100
"""Outcomes that are kept until somebody asks."""


@dataclass(frozen=True, slots=True)
class Logging:
    """How the process logs, as this one does."""

    level: str = "info"
    format: str = "auto"


class Trainer:
    """Begins trainings, one at a time. Safe to use from several threads."""

    def __init__(self, engine: Engine, logging: Logging | None = None) -> None:
        self._url = engine.url.render_as_string(hide_password=False)
        self._logging = logging or Logging()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._timer: threading.Timer | None = None
        self._unasked: deque[Outcome] = deque(maxlen=_UNASKED_MOST)

    def begin(self, by: Asker) -> bool:
        """Begin one for whoever asks; return False where one is going on already."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return False
            self._settle()
            process = subprocess.Popen(  # noqa: S603 - the command is ours
                COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True, env={**os.environ, **ONE_THREAD}
            )
            self._process = process
            self._timer = threading.Timer(LONGEST_S, process.kill)
            self._timer.daemon = True
            self._timer.start()
            told = {"url": self._url, "by": by.name, "log_level": self._logging.level}
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            process.stdin.write(json.dumps(told | {"log_format": self._logging.format}).encode() + b"\n")
            process.stdin.flush()
            return True

    @property
    def is_training(self) -> bool:
        """Whether one is going on."""
        with self._lock:
            return self._process is not None and self._process.poll() is None

    def ended(self) -> Outcome | None:
        """Return what came of one that ended, of each once, the first one first; None where there is no other."""
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self._settle()
            return self._unasked.popleft() if self._unasked else None

    def end(self) -> None:
        """End what is going on: nothing of it is kept."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._settle()

    def _settle(self) -> None:
        process, self._process = self._process, None
        if self._timer is not None:
            self._timer.cancel()
        if process is None or process.stdout is None or process.stdin is None:
            return
        line = process.stdout.read(ANSWER_MOST)
        for pipe in (process.stdout, process.stdin):
            pipe.close()
        self._unasked.append(Outcome.decode(line.decode("utf-8", "replace")))
