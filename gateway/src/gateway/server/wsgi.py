"""The WSGI server: granian, whose threads take requests while the sockets are held outside of Python.

Chosen by measuring: see docs/decisions/0002-wsgi-server.md.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from gateway import settings as gateway_settings
from gateway.app import create_app
from gateway.flask_app import GatewayApp
from gateway.http.bodies import BODIES_MOST
from gateway.receipts.watchers import WATCHERS_MOST
from gateway.server import telemetry
from gateway.server.slow_clients import end_slow_clients
from gateway.settings import Settings
from shared import failpoints, forms, logs, tracing
from shared.messaging.rabbitmq import RabbitMQ
from shared.settings import host_and_port

REQUESTS_MOST = WATCHERS_MOST + BODIES_MOST + 280
"""How many requests a worker works on at once, each in a thread that lives while it is needed: all who watch a receipt,
all whose body is on its way and, however many those are, the others."""

CONNECTIONS_MOST = 4096
"""How many connections a worker holds, most of which ask for nothing just now; beyond it they wait to be accepted."""

FILES_SPARE = 200
"""How many files a worker has for all else, where the machine allows it few."""

BACKLOG = 2048
DRAIN_S = 10
HEADERS_TIMEOUT_MS = 10_000
IDLE_THREAD_S = 30
CHECK_S = 1.0

_WAKE = signal.SIGUSR1

_KEPT = "COUNTERFOIL_FORMS_KEPT"
"""Tells the workers where the last good forms are, so that one that dies while their file is wrong can be replaced."""

TARGET = "gateway.server.wsgi:build"

_LOGGERS = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"level": "ERROR", "propagate": True}},
}


def serve(settings: Settings, target: str = TARGET) -> None:
    """Serve until SIGTERM or SIGINT, with as many worker processes as the settings say.

    `target` names what builds a worker's application. A worker that dies is replaced. Raises `OSError` where the
    address is taken, `SettingsError` where that of the metrics is, and `SystemExit` when workers die faster than they
    can be replaced.
    """
    files = _raise_file_limit()
    host, port = host_and_port(settings.bind)
    server = Granian(
        target,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=settings.workers,
        blocking_threads=REQUESTS_MOST,
        blocking_threads_idle_timeout=IDLE_THREAD_S,
        backpressure=min(CONNECTIONS_MOST, max(files // 2, files - FILES_SPARE)),
        backlog=BACKLOG,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_TIMEOUT_MS),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_S,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGERS,
    )
    try:
        with telemetry.served(settings.metrics_bind), _place_for_forms():
            _check_address(host, port)  # the metrics may have it
            server.serve()
    except SystemExit:
        if not server.interrupt_signal:  # Ctrl-C reaches the workers, too: that they ended is no fault then
            raise


@contextmanager
def _place_for_forms() -> Iterator[None]:
    """Give the workers a place for the last good forms, where the machine has one."""
    try:
        place = tempfile.TemporaryDirectory(prefix="counterfoil-")
    except OSError:
        yield
        return
    with place as directory:
        os.environ[_KEPT] = str(Path(directory, "forms.toml"))
        yield


def build() -> GatewayApp:
    """Build the application of one worker, inside its process: connections are never shared."""
    settings = gateway_settings.load()
    logs.configure("gateway", level=settings.log_level, format=settings.log_format)
    served = live_forms(settings, os.environ.get(_KEPT))
    served.follow()
    spans = tracing.from_environment("gateway")
    if spans:
        # The last thing a worker does. `atexit` is not for it: multiprocessing ends its processes before that.
        Finalize(None, spans.close, exitpriority=0)
    app = _measured_app(settings, served, spans)
    end_streams_with_process(app)
    end_slow_clients(host_and_port(settings.bind)[1])
    return app


def live_forms(settings: Settings, kept: str | None = None) -> forms.LiveForms:
    """Return the forms as the settings name them; raises `FormsError` where they are wrong, and no copy is kept."""
    remarks = partial(forms.remarks, secrets=settings.form_secrets, tables=["captcha"])
    return forms.LiveForms(settings.forms, Path(kept) if kept else None, remarks)


def _measured_app(settings: Settings, served: forms.Forms, spans: tracing.Spans | None) -> GatewayApp:
    measuring, reach = telemetry.instruments(), failpoints.from_environment()
    if measuring is None:
        return create_app(settings, served, RabbitMQ(settings.broker_url, name="gateway", reach=reach), spans=spans)
    broker = RabbitMQ(settings.broker_url, name="gateway", reach=reach, instruments=measuring.messaging)
    app = create_app(settings, served, broker, spans=spans, counters=measuring.counters)
    measuring.watch(broker, app)
    return app


def end_streams_with_process(app: GatewayApp) -> None:
    """End the event streams as soon as this process is told to end: the server waits for all that is open.

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
        app.end_streams()
        while True:  # Python handles signals on its main thread, which sleeps through one that comes as it falls asleep
            time.sleep(CHECK_S)
            signal.pthread_kill(threading.main_thread().ident or 0, _WAKE)

    threading.Thread(target=watch, name="watch for the end", daemon=True).start()


def _is_told_to_end(reader: socket.socket) -> bool:
    try:
        return signal.SIGTERM in reader.recv(64)
    except TimeoutError:
        return False


def _check_address(host: str, port: int) -> None:
    """Raise `OSError` where the address is taken: the server itself would let two share it, unnoticed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _raise_file_limit() -> int:
    """Let a worker hold as many connections as it is allowed to, and return how many files that are.

    The usual soft limit is 1024.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MOST + FILES_SPARE
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    wanted = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
