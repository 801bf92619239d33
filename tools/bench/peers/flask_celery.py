"""Accepts signups with Flask and Celery: the view calls `delay`, with confirms and a quorum queue.

One task, whose worker would store and send the mail; a confirm is one round trip on one of the pool's connections.
Settings after Celery's pages on RabbitMQ, quorum queues and `broker_transport_options`.
"""

from __future__ import annotations

import os

from celery import Celery  # type: ignore[import-untyped]
from flask import Flask
from kombu.exceptions import OperationalError

from bench.peers.flask_signup import signup_app

QUEUE = "peer.celery"


def make_celery(broker_url: str, connections: int) -> Celery:
    """Return the Celery application, with as many connections as there are threads that publish."""
    celery = Celery("signups", broker=broker_url)
    celery.conf.update(
        broker_pool_limit=connections,
        broker_transport_options={"confirm_publish": True},
        task_default_queue=QUEUE,
        task_default_queue_type="quorum",
        task_ignore_result=True,
    )
    return celery


def make_app() -> Flask:
    """Return the app for gunicorn."""
    celery = make_celery(os.environ["BROKER_URL"], int(os.environ["THREADS"]))

    @celery.task(name="signups.keep")  # type: ignore[untyped-decorator]
    def keep(event: str) -> None:
        """Stand for what a worker would do."""

    return signup_app(lambda _submission_id, body: keep.delay(body.decode()), OperationalError)
