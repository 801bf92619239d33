"""Opens a connection for each request, as tutorials do, and adds the confirm that they leave out."""

from __future__ import annotations

import os

import pika
from flask import Flask

from bench.peers.flask_signup import properties, signup_app
from bench.peers.signup_event import EXCHANGE, ROUTING_KEY


def make_app() -> Flask:
    """Return the app for gunicorn."""
    parameters = pika.URLParameters(os.environ["BROKER_URL"])

    def publish(submission_id: str, body: bytes) -> None:
        with pika.BlockingConnection(parameters) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            channel.basic_publish(EXCHANGE, ROUTING_KEY, body, properties(submission_id), mandatory=True)

    return signup_app(publish)
