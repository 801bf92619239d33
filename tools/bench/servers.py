"""Starts the servers that accept signups: our gateway and its peers, with the same number of workers."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from bench.claims import BLOCKING, CELERY, FASTAPI, TUTORIAL
from bench.peers.flask_celery import QUEUE as CELERY_QUEUE
from bench.program import Program
from bench.services import WORKERS, gateway, gateway_alone, least
from shared.contracts import SubmissionAccepted
from shared.messaging.routes import ROUTES

THREADS = 32

EVENT_QUEUES = ROUTES[SubmissionAccepted.TYPE].queues
"""Where an event goes. The form has no webhook, so that the queue of webhooks gets none."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server, and the queues in each of which every answer must have left a message."""

    program: Program
    publishes_to: tuple[str, ...] = EVENT_QUEUES


def servers(broker_url: str) -> list[Server]:
    """Return our gateway, its peers, the gateway that publishes nothing, and the least that could be.

    The peers publish an event once, to an exchange that two queues are bound to; our gateway publishes it to each.
    """
    return [
        Server(gateway(broker_url)),
        Server(_gunicorn(TUTORIAL, "bench.peers.tutorial:make_app()", broker_url)),
        Server(_gunicorn(BLOCKING, "bench.peers.blocking:make_app()", broker_url)),
        Server(_uvicorn(FASTAPI, "bench.peers.fastapi_aiopika:app", broker_url)),
        Server(_gunicorn(CELERY, "bench.peers.flask_celery:make_app()", broker_url), (CELERY_QUEUE,)),
        Server(gateway_alone(broker_url), ()),
        Server(least(broker_url)),
    ]


def _gunicorn(name: str, app: str, broker_url: str) -> Program:
    options = ("-k", "gthread", "-w", str(WORKERS), "--threads", str(THREADS), "-b", "127.0.0.1:{port}")
    variables = {"BROKER_URL": broker_url, "THREADS": str(THREADS)}
    return Program(name, (sys.executable, "-m", "gunicorn", *options, app), variables, listens=True)


def _uvicorn(name: str, app: str, broker_url: str) -> Program:
    options = ("--host", "127.0.0.1", "--port", "{port}", "--workers", str(WORKERS))
    fast = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
    command = (sys.executable, "-m", "uvicorn", *options, *fast, app)
    return Program(name, command, {"BROKER_URL": broker_url}, listens=True)
