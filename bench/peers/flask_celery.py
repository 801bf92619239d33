"""Flask and Celery: the view hands the signup over by `delay`, with confirms and a quorum queue.

One task, whose worker would store and send the mail; a confirm is one round trip on one of the pool's connections.
Settings after Celery's pages on RabbitMQ, quorum queues and `broker_transport_options`.
"""

from __future__ import annotations

import os

from celery import Celery  # type: ignore[import-untyped]
from flask import Flask, request
from kombu.exceptions import OperationalError
from marshmallow import ValidationError

from bench.peers.flask_signup import Signup
from bench.peers.signup_event import signup_event

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
    schema, app = Signup(), Flask(__name__)

    @celery.task(name="signups.keep")  # type: ignore[untyped-decorator]
    def keep(event: str) -> None:
        """Stand for what a worker would do."""

    @app.post("/f/signup")
    def submit() -> tuple[dict[str, object], int]:
        try:
            known = schema.load(request.get_json())
        except ValidationError as error:
            return {"errors": error.messages}, 422
        submission_id, body = signup_event(known, request.remote_addr, request.headers.get("User-Agent"))
        try:
            keep.delay(body.decode())
        except OperationalError:
            return {"error": "not confirmed"}, 503
        return {"ok": True, "id": submission_id}, 202

    return app
